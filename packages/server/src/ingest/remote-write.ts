/**
 * Prometheus remote-write 1.0: a `prometheus.WriteRequest` in protobuf, as one block of snappy. Field numbers as they stand
 * in Prometheus's `prompb/remote.proto` and `prompb/types.proto`; what is not listed (exemplars, histograms, metadata) is
 * skipped by the decoder.
 */
import { ServerError } from '../errors/server-error.ts';
import { useOf } from './draft.ts';
import { identityOfSeries } from './identity.ts';
import { metricName } from './point.ts';
import type { ProcessIdentity } from './report.ts';
import { emptyIntake, ProcessPoints, type Intake } from './reports.ts';
import { delimited, eightBytes, varint, WireReader } from './wire-reader.ts';

/** Prometheus takes no more than some dozen of a target. */
const mostLabels = 256;

/**
 * Unpacks a block of snappy, off the main thread.
 *
 * @throws {ServerError} EBB_SERVER_TOO_LARGE, EBB_SERVER_BAD_REQUEST
 */
export async function unpackSnappy(body: Buffer, mostBytes: number): Promise<Buffer> {
  // The block begins with its unpacked size, and the unpacker reserves that much before it looks at the rest.
  const bytes = unpackedBytes(body);
  if (bytes > mostBytes)
    throw new ServerError('EBB_SERVER_TOO_LARGE', `unpacked, the body is larger than ${mostBytes} bytes`);
  try {
    // Loaded here: who has no Prometheus does not pay for it.
    const { uncompress } = await import('snappy');
    return (await uncompress(body, { asBuffer: true })) as Buffer;
  } catch (error) {
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body is no block of snappy, or is cut off', { cause: error });
  }
}

/** A varint of up to 32 bits; 0 where there is none, which the unpacker refuses. */
function unpackedBytes(body: Buffer): number {
  let size = 0;
  for (let at = 0; at < Math.min(5, body.length); at++) {
    size += (body[at] & 0x7f) * 2 ** (7 * at);
    if (body[at] < 0x80) return size;
  }
  return 0;
}

/** Reads an unpacked request. @throws {RangeError} when it is no such message, or is cut off */
export function readWriteRequest(body: Uint8Array, nowMs: number): Intake {
  const intake = emptyIntake();
  const processes = new Map<string, { identity: ProcessIdentity; points: ProcessPoints }>();
  const reader = new WireReader(body);
  const { end } = reader;
  while (reader.next(end)) {
    if (!reader.is(1, delimited)) {
      reader.skipField(end);
      continue;
    }
    const inside = reader.enter(end);
    const { at } = reader;
    const labels = readLabels(reader, inside);
    reader.at = at;
    const name = metricName(labels.get('__name__') ?? '');
    if (useOf(name) === 'nothing') new ProcessPoints(intake, nowMs).passOver(countSamples(reader, inside));
    else {
      const identity = identityOfSeries(labels);
      const key = JSON.stringify(identity);
      const process = processes.get(key) ?? { identity, points: new ProcessPoints(intake, nowMs) };
      processes.set(key, process);
      // A stale marker is a NaN: the series ends, and there is no value.
      readSamples(reader, inside, (value, timeMs) => process.points.add({ name, labels, value, timeMs }));
    }
  }
  for (const { identity, points } of processes.values()) points.tell(identity);
  return intake;
}

function readLabels(reader: WireReader, end: number): Map<string, string> {
  const labels = new Map<string, string>();
  while (reader.next(end)) {
    if (!reader.is(1, delimited)) {
      reader.skipField(end);
      continue;
    }
    const inside = reader.enter(end);
    let [name, value] = ['', ''];
    while (reader.next(inside)) {
      if (reader.is(1, delimited)) name = reader.text(inside);
      else if (reader.is(2, delimited)) value = reader.text(inside);
      else reader.skipField(inside);
    }
    if (labels.size < mostLabels) labels.set(name, value);
  }
  return labels;
}

function countSamples(reader: WireReader, end: number): number {
  let samples = 0;
  while (reader.next(end)) {
    if (reader.is(2, delimited)) samples += 1;
    reader.skipField(end);
  }
  return samples;
}

function readSamples(reader: WireReader, end: number, take: (value: number, timeMs: number) => void): void {
  while (reader.next(end)) {
    if (!reader.is(2, delimited)) {
      reader.skipField(end);
      continue;
    }
    const inside = reader.enter(end);
    // What is 0 is not written.
    let [value, timeMs] = [0, 0];
    while (reader.next(inside)) {
      if (reader.is(1, eightBytes)) value = reader.double(inside);
      else if (reader.is(2, varint)) timeMs = reader.signedVarint(inside);
      else reader.skipField(inside);
    }
    take(value, timeMs);
  }
}
