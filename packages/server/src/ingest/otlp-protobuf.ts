/**
 * OTLP in protobuf: the part of opentelemetry-proto's `collector/metrics/v1/metrics_service.proto` and
 * `metrics/v1/metrics.proto` that Ebb reads, field numbers as they stand there. All else is passed over.
 */
import { noLabels } from './draft.ts';
import { identityOfResource } from './identity.ts';
import {
  isCountOfRequests,
  knownMetric,
  labelKey,
  millisecondsOf,
  mostLabels,
  noRecordedValue,
  numberBy,
  type KnownMetric,
} from './otlp.ts';
import { emptyIntake, ProcessPoints, type Intake } from './reports.ts';
import { clientsMetric, inTimeOf, inTimeOfExponential, type ExponentialRanges } from './route-series.ts';
import { delimited, eightBytes, varint, WireReader } from './wire-reader.ts';

/** Reads an `ExportMetricsServiceRequest`. @throws {RangeError} when it is no such message, or is cut off */
export function readOtlpProtobuf(body: Uint8Array, nowMs: number): Intake {
  const intake = emptyIntake();
  const reader = new WireReader(body);
  const { end } = reader;
  while (reader.next(end)) {
    if (reader.is(1, delimited)) readResourceMetrics(reader, reader.enter(end), intake, nowMs);
    else reader.skipField(end);
  }
  return intake;
}

function readResourceMetrics(reader: WireReader, end: number, intake: Intake, nowMs: number): void {
  const points = new ProcessPoints(intake, nowMs);
  const labels = new Map<string, string>();
  while (reader.next(end)) {
    if (reader.is(1, delimited)) {
      const inside = reader.enter(end);
      while (reader.next(inside)) {
        if (reader.is(1, delimited)) readAttribute(reader, reader.enter(inside), labels);
        else reader.skipField(inside);
      }
    } else if (reader.is(2, delimited)) readScopeMetrics(reader, reader.enter(end), points);
    else reader.skipField(end);
  }
  points.tell(identityOfResource(labels));
}

function readScopeMetrics(reader: WireReader, end: number, points: ProcessPoints): void {
  while (reader.next(end)) {
    if (reader.is(2, delimited)) readMetric(reader, reader.enter(end), points);
    else reader.skipField(end);
  }
}

/** Fields of a metric. */
const gauge = 5;
const sum = 7;
const histogram = 9;
const exponentialHistogram = 10;
const summary = 11;

/** What it is called decides what is read of it, and may come last. */
function readMetric(reader: WireReader, end: number, points: ProcessPoints): void {
  const { at } = reader;
  let name = '';
  while (reader.next(end)) {
    if (reader.is(1, delimited)) name = reader.text(end);
    else reader.skipField(end);
  }
  reader.at = at;
  while (reader.next(end)) {
    if (reader.is(gauge, delimited) || reader.is(sum, delimited))
      readPoints(reader, reader.enter(end), knownMetric(name, 'number'), points, readNumber);
    else if (reader.is(histogram, delimited))
      readPoints(reader, reader.enter(end), knownMetric(name, 'histogram'), points, readCount);
    else if (reader.is(exponentialHistogram, delimited))
      readPoints(reader, reader.enter(end), knownMetric(name, 'histogram'), points, readExponential);
    // Quantiles of a time that nobody knows.
    else if (reader.is(summary, delimited))
      readPoints(reader, reader.enter(end), { name, use: 'nothing' }, points, readNumber);
    else reader.skipField(end);
  }
}

/** What is read of a point, before its time is known to be sound. */
interface RawPoint {
  value: number;
  nanoseconds: number;
  flags: number;
  /** Null where nobody asks for them. */
  labels: Map<string, string> | null;
  /** Whether labels stand in exemplars, too. */
  hasExemplars: boolean;
  /** Of a histogram. */
  bounds: number[];
  counts: number[];
  /** Of an exponential one. */
  exponential: ExponentialRanges | null;
}
const empty = { value: NaN, nanoseconds: NaN, flags: 0, bounds: [], counts: [], exponential: null };

/** Reads the field that the reader stands at. */
type ReadField = (reader: WireReader, end: number, point: RawPoint) => void;

const readNumber: ReadField = (reader, end, point) => {
  if (reader.is(3, eightBytes)) point.nanoseconds = reader.fixed64(end);
  else if (reader.is(4, eightBytes)) point.value = reader.double(end);
  else if (reader.is(6, eightBytes)) point.value = reader.sfixed64(end);
  else if (reader.is(8, varint)) point.flags = reader.varint(end);
  else if (reader.is(7, delimited) && point.labels !== null) readAttribute(reader, reader.enter(end), point.labels);
  else if (reader.is(5, delimited) && point.labels !== null && point.hasExemplars)
    readExemplar(reader, reader.enter(end), point.labels);
  else reader.skipField(end);
};
const readCount: ReadField = (reader, end, point) => {
  if (reader.is(3, eightBytes)) point.nanoseconds = reader.fixed64(end);
  else if (reader.is(4, eightBytes)) point.value = reader.fixed64(end);
  else if (reader.is(10, varint)) point.flags = reader.varint(end);
  else if (point.labels === null) reader.skipField(end);
  else if (reader.is(9, delimited)) readAttribute(reader, reader.enter(end), point.labels);
  else if (reader.is(6, delimited)) point.counts = readAll(reader.enter(end), reader, () => reader.fixed64(reader.end));
  else if (reader.is(7, delimited)) point.bounds = readAll(reader.enter(end), reader, () => reader.double(reader.end));
  else reader.skipField(end);
};

const readExponential: ReadField = (reader, end, point) => {
  const ranges: ExponentialRanges = (point.exponential ??= { offset: 0, counts: [], zeroCount: 0, zeroThreshold: 0 });
  if (reader.is(3, eightBytes)) point.nanoseconds = reader.fixed64(end);
  else if (reader.is(4, eightBytes)) point.value = reader.fixed64(end);
  else if (reader.is(10, varint)) point.flags = reader.varint(end);
  else if (point.labels === null) reader.skipField(end);
  else if (reader.is(1, delimited)) readAttribute(reader, reader.enter(end), point.labels);
  else if (reader.is(7, eightBytes)) ranges.zeroCount = reader.fixed64(end);
  else if (reader.is(8, delimited)) readRanges(reader, reader.enter(end), ranges);
  else if (reader.is(14, eightBytes)) ranges.zeroThreshold = reader.double(end);
  else reader.skipField(end);
};

function readRanges(reader: WireReader, end: number, ranges: ExponentialRanges): void {
  while (reader.next(end)) {
    if (reader.is(1, varint)) ranges.offset = reader.zigzag(end);
    else if (reader.is(2, delimited)) {
      const inside = reader.enter(end);
      ranges.counts = readAll(inside, reader, () => reader.varint(inside));
    } else reader.skipField(end);
  }
}

/** Numbers, one behind the other (packed). */
function readAll(end: number, reader: WireReader, read: () => number): number[] {
  const values: number[] = [];
  while (reader.at < end) values.push(read());
  if (reader.at !== end) throw new RangeError('a value beyond the end');
  return values;
}

/** Its attributes are no part of the series: what changes from point to point can stand there. */
function readExemplar(reader: WireReader, end: number, labels: Map<string, string>): void {
  while (reader.next(end)) {
    if (reader.is(7, delimited)) readAttribute(reader, reader.enter(end), labels);
    else reader.skipField(end);
  }
}

function readPoints(
  reader: WireReader,
  end: number,
  { name, use }: KnownMetric,
  points: ProcessPoints,
  readField: ReadField,
): void {
  // How a histogram counts is told behind its points.
  const { at } = reader;
  let temporality = NaN;
  while (reader.next(end)) {
    if (reader.is(2, varint)) temporality = reader.varint(end);
    else reader.skipField(end);
  }
  reader.at = at;
  while (reader.next(end)) {
    if (!reader.is(1, delimited)) reader.skipField(end);
    else if (use === 'nothing') {
      reader.skipField(end);
      points.passOver(1);
    } else {
      const inside = reader.enter(end);
      const labels = use === 'labels' ? new Map<string, string>() : null;
      const point: RawPoint = { ...empty, labels, hasExemplars: name === clientsMetric };
      while (reader.next(inside)) readField(reader, inside, point);
      const { value: count, bounds, counts, exponential } = point;
      const told = numberBy(temporality, count);
      if (readField !== readNumber && isCountOfRequests(name, temporality))
        told.inTime = exponential === null ? inTimeOf(bounds, counts, count) : inTimeOfExponential(exponential, count);
      points.add({
        name,
        labels: labels ?? noLabels,
        ...told,
        ...((point.flags & noRecordedValue) !== 0 ? { value: NaN } : {}),
        timeMs: millisecondsOf(point.nanoseconds),
      });
    }
  }
}

function readAttribute(reader: WireReader, end: number, labels: Map<string, string>): void {
  let key = '';
  let text: string | null = null;
  while (reader.next(end)) {
    if (reader.is(1, delimited)) key = reader.text(end);
    else if (reader.is(2, delimited)) text = readValue(reader, reader.enter(end));
    else reader.skipField(end);
  }
  if (text !== null && labels.size < mostLabels) labels.set(labelKey(key), text);
}

/** Null for what no identity is made of: lists, maps, bytes. */
function readValue(reader: WireReader, end: number): string | null {
  let text: string | null = null;
  while (reader.next(end)) {
    if (reader.is(1, delimited)) text = reader.text(end);
    else if (reader.is(2, varint)) text = String(reader.varint(end) !== 0);
    else if (reader.is(3, varint)) text = String(reader.signedVarint(end));
    else if (reader.is(4, eightBytes)) text = String(reader.double(end));
    else reader.skipField(end);
  }
  return text;
}
