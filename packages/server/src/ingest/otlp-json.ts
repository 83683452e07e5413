/** OTLP in JSON (opentelemetry-proto, `docs/specification.md`): what Ebb's agents send. Fields that are not asked for are passed over. */
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
import { clientsMetric, inTimeOf, inTimeOfExponential } from './route-series.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Reads an `ExportMetricsServiceRequest`. @throws {Error} when it is no JSON, or has another shape */
export function readOtlpJson(text: string, nowMs: number): Intake {
  const intake = emptyIntake();
  const request: unknown = JSON.parse(text);
  for (const { resource, scopeMetrics } of listOf(fieldsOf(request)?.['resourceMetrics'])) {
    const points = new ProcessPoints(intake, nowMs);
    for (const { metrics } of listOf(scopeMetrics)) for (const metric of listOf(metrics)) readMetric(metric, points);
    points.tell(identityOfResource(labelsOf(fieldsOf(resource)?.['attributes'])));
  }
  return intake;
}

function readMetric(metric: Fields, points: ProcessPoints): void {
  const { name, gauge, sum, histogram } = metric;
  const text = typeof name === 'string' ? name : '';
  const numbers = fieldsOf(gauge) ?? fieldsOf(sum);
  if (numbers !== null) {
    const temporality = numberOf(numbers['aggregationTemporality']);
    readPoints(numbers, knownMetric(text, 'number'), points, ({ asInt, asDouble }) =>
      numberBy(temporality, numberOf(asInt ?? asDouble)),
    );
  }
  const counts = fieldsOf(histogram);
  if (counts !== null) readCounts(counts, knownMetric(text, 'histogram'), points, inTimeOfPoint);
  // Most metrics are one of the above, and a look at each that is not there takes its time.
  if (numbers === null && counts === null) readRareMetric(text, metric, points);
}

function readRareMetric(name: string, { exponentialHistogram, summary }: Fields, points: ProcessPoints): void {
  const counts = fieldsOf(exponentialHistogram);
  if (counts !== null) readCounts(counts, knownMetric(name, 'histogram'), points, inTimeOfExponentialPoint);
  // Quantiles of a time that nobody knows.
  const quantiles = fieldsOf(summary);
  if (quantiles !== null) points.passOver(listOf(quantiles['dataPoints']).length);
}

/** Of so many requests, how many were answered in time, as the ranges of the point say; null where they do not. */
type InTime = (point: Fields, count: number) => number | null;

const inTimeOfPoint: InTime = ({ explicitBounds, bucketCounts }, count) =>
  inTimeOf(numbersOf(explicitBounds), numbersOf(bucketCounts), count);

const inTimeOfExponentialPoint: InTime = ({ positive, zeroCount = 0, zeroThreshold = 0 }, count) => {
  const { offset = 0, bucketCounts } = fieldsOf(positive) ?? {};
  const ranges = { offset: numberOf(offset), counts: numbersOf(bucketCounts) };
  return inTimeOfExponential(
    { ...ranges, zeroCount: numberOf(zeroCount), zeroThreshold: numberOf(zeroThreshold) },
    count,
  );
};

function readCounts(counts: Fields, metric: KnownMetric, points: ProcessPoints, inTime: InTime): void {
  const temporality = numberOf(counts['aggregationTemporality']);
  readPoints(counts, metric, points, (point) => {
    const count = numberOf(point['count']);
    return isCountOfRequests(metric.name, temporality)
      ? { value: count, inTime: inTime(point, count) }
      : numberBy(temporality, count);
  });
}

function readPoints(
  { dataPoints }: Fields,
  { name, use }: KnownMetric,
  points: ProcessPoints,
  figuresOf: (point: Fields) => { value: number; inTime?: number | null },
): void {
  if (use === 'nothing') {
    points.passOver(listOf(dataPoints).length);
    return;
  }
  for (const point of listOf(dataPoints)) {
    const { flags, timeUnixNano, attributes, exemplars } = point;
    const labels = use === 'labels' ? labelsOf(attributes) : null;
    // Their attributes are no part of the series: what changes from point to point can stand there.
    if (labels !== null && name === clientsMetric)
      for (const { filteredAttributes } of listOf(exemplars)) addLabels(labels, filteredAttributes);
    const figures = figuresOf(point);
    const missing = (numberOf(flags) & noRecordedValue) !== 0;
    points.add({
      name,
      labels: labels ?? noLabels,
      ...figures,
      ...(missing ? { value: NaN } : {}),
      timeMs: millisecondsOf(numberOf(timeUnixNano)),
    });
  }
}

function labelsOf(attributes: unknown): Map<string, string> {
  const labels = new Map<string, string>();
  addLabels(labels, attributes);
  return labels;
}

function addLabels(labels: Map<string, string>, attributes: unknown): void {
  for (const { key, value } of listOf(attributes)) {
    const text = textOf(fieldsOf(value));
    if (text !== null && typeof key === 'string' && labels.size < mostLabels) labels.set(labelKey(key), text);
  }
}

/** Null for what no identity is made of: lists, maps, bytes. */
function textOf(value: Fields | null): string | null {
  const set = value?.['stringValue'] ?? value?.['intValue'] ?? value?.['doubleValue'] ?? value?.['boolValue'];
  return typeof set === 'string' || typeof set === 'number' || typeof set === 'boolean' ? String(set) : null;
}

/** 64-bit numbers stand in strings, and so do NaN and Infinity. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : NaN;
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(numberOf) : [];
}

function fieldsOf(value: unknown): Fields | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('a message is no object');
  return value as Fields;
}

function listOf(value: unknown): Fields[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error('what is repeated is no list');
  for (const item of value) if (typeof item !== 'object' || item === null) throw new Error('a message is no object');
  return value as Fields[];
}
