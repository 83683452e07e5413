/** From a decoded OTLP request to reports: a resource is a process. */
import { metricName, type Point } from './point.ts';
import { identityOfResource } from './identity.ts';
import type { WireAttribute, WireNumber, WirePoint, WireRequest, WireValue } from './otlp-messages.ts';
import { emptyIntake, takePoints, type Intake } from './reports.ts';
import { clientsMetric, inTimeOf, requestDuration } from './route-series.ts';

/** The flag of a point that says that there is no value. */
const noRecordedValue = 1;
/** AGGREGATION_TEMPORALITY_DELTA: such a count cannot be told from one that is sent again. */
const delta = 1;

/** What the request tells. Never throws on a request that was decoded. */
export function readOtlp(request: WireRequest, nowMs: number): Intake {
  const intake = emptyIntake();
  for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
    const points: Point[] = [];
    for (const { metrics = [] } of scopeMetrics) {
      for (const { name = '', gauge, sum, histogram } of metrics) {
        const plain = metricName(name);
        for (const point of (gauge ?? sum)?.dataPoints ?? []) points.push(pointOf(plain, point, numberOf(point)));
        for (const point of histogram?.dataPoints ?? [])
          points.push(countOf(plain, point, histogram?.aggregationTemporality));
      }
    }
    takePoints(intake, identityOfResource(labelsOf(resource?.attributes)), points, nowMs);
  }
  return intake;
}

/** The count of a histogram; of requests, how many of them were answered in time, too. */
function countOf(plain: string, point: WirePoint, temporality: number | undefined): Point {
  const counted = pointOf(`${plain}_count`, point, toNumber(point.count));
  if (plain !== requestDuration || temporality === delta) return counted;
  const { explicitBounds: bounds = [], bucketCounts: counts = [] } = point;
  return { ...counted, inTime: inTimeOf(bounds, counts.map(toNumber), counted.value) };
}

function pointOf(name: string, point: WirePoint, value: number): Point {
  const missing = ((point.flags ?? 0) & noRecordedValue) !== 0;
  const sketches = name === clientsMetric ? (point.exemplars ?? []) : [];
  return {
    name,
    labels: labelsOf([...(point.attributes ?? []), ...sketches.flatMap((one) => one.filteredAttributes ?? [])]),
    value: missing ? NaN : value,
    timeMs: Math.round(toNumber(point.timeUnixNano) / 1e6),
  };
}

function numberOf(point: WirePoint): number {
  return toNumber(own(point, 'asInt') ?? own(point, 'asDouble'));
}

/** A field that is set: protobufjs has the defaults of the others on the prototype. */
function own<Message extends object, Key extends keyof Message>(message: Message, key: Key): Message[Key] | undefined {
  return Object.hasOwn(message, key) ? message[key] : undefined;
}

function labelsOf(attributes: readonly WireAttribute[] = []): Map<string, string> {
  const labels = new Map<string, string>();
  for (const { key = '', value } of attributes) {
    const text = textOf(value);
    if (text !== null) labels.set(key.replaceAll('.', '_'), text);
  }
  return labels;
}

function textOf(value: WireValue | null | undefined): string | null {
  if (value == null) return null;
  const set =
    own(value, 'stringValue') ?? own(value, 'intValue') ?? own(value, 'doubleValue') ?? own(value, 'boolValue') ?? null;
  return typeof set === 'object' ? (set === null ? null : String(set.toNumber())) : String(set);
}

function toNumber(value: WireNumber | null | undefined): number {
  if (value == null) return NaN;
  return typeof value === 'object' ? value.toNumber() : Number(value);
}
