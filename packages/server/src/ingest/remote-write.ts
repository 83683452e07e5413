/**
 * Prometheus remote-write 1.0: a `prometheus.WriteRequest` in protobuf, as one block of snappy. Field numbers as they stand
 * in Prometheus's `prompb/remote.proto` and `prompb/types.proto`; what is not listed (exemplars, histograms, metadata) is
 * skipped by the decoder.
 */
import protobuf from 'protobufjs';
import { ServerError } from '../errors/server-error.ts';
import { metricName, type Point } from './point.ts';
import { identityOfSeries } from './identity.ts';
import type { ProcessIdentity } from './report.ts';
import { emptyIntake, takePoints, type Intake } from './reports.ts';

const field = (id: number, type: string): protobuf.IField => ({ id, type });
const list = (id: number, type: string): protobuf.IField => ({ id, type, rule: 'repeated' });

const writeRequest = protobuf.Root.fromJSON({
  nested: {
    WriteRequest: { fields: { timeseries: list(1, 'TimeSeries') } },
    TimeSeries: { fields: { labels: list(1, 'Label'), samples: list(2, 'Sample') } },
    Label: { fields: { name: field(1, 'string'), value: field(2, 'string') } },
    Sample: { fields: { value: field(1, 'double'), timestamp: field(2, 'int64') } },
  },
}).lookupType('WriteRequest');

/** A decoded request. Everything may be missing. */
export interface WriteRequest {
  timeseries?: {
    labels?: { name?: string; value?: string }[];
    samples?: { value?: number; timestamp?: number | { toNumber(): number } }[];
  }[];
}

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

/** Reads an unpacked request. @throws when it is no such message */
export function decodeWriteRequest(body: Uint8Array): WriteRequest {
  return writeRequest.decode(body) as unknown as WriteRequest;
}

/** Encodes a request; for tests and benches. */
export function encodeWriteRequest(request: WriteRequest): Uint8Array {
  return writeRequest.encode(writeRequest.fromObject(request)).finish();
}

/** What the request tells. Never throws on a request that was decoded. */
export function readWriteRequest(request: WriteRequest, nowMs: number): Intake {
  const intake = emptyIntake();
  const processes = new Map<string, { identity: ProcessIdentity; points: Point[] }>();
  for (const { labels: told = [], samples = [] } of request.timeseries ?? []) {
    const labels = new Map(told.map(({ name = '', value = '' }) => [name, value]));
    const identity = identityOfSeries(labels);
    const key = JSON.stringify(identity);
    const process = processes.get(key) ?? { identity, points: [] };
    processes.set(key, process);
    const name = metricName(labels.get('__name__') ?? '');
    for (const { value = NaN, timestamp = NaN } of samples) {
      const timeMs = typeof timestamp === 'object' ? timestamp.toNumber() : timestamp;
      // A stale marker is a NaN: the series ends, and there is no value.
      process.points.push({ name, labels, value, timeMs });
    }
  }
  for (const { identity, points } of processes.values()) takePoints(intake, identity, points, nowMs);
  return intake;
}
