/**
 * An `ExportMetricsServiceRequest` in OTLP's JSON mapping (opentelemetry-proto, `docs/specification.md`): names in
 * lowerCamelCase, 64-bit integers as strings, enumerations as numbers.
 */
import type { ResourceAttributes } from '../identity/resource.ts';
import type { Attributes, HistogramPoint, Metric, NumberPoint } from './metric.ts';

/** AGGREGATION_TEMPORALITY_CUMULATIVE */
const cumulative = 2;

/** When was measured, and since when cumulative values count; milliseconds since the epoch. */
export interface Span {
  startedMs: number;
  timeMs: number;
}

/** The request's body. What is no finite number is left out: JSON has no word for it. */
export function otlpRequest(
  resource: ResourceAttributes,
  scope: { name: string; version: string },
  metrics: readonly Metric[],
  span: Span,
): object {
  // A clock that was set back must not make a point end before it starts.
  const endsMs = Math.max(span.startedMs, span.timeMs);
  const times = { startTimeUnixNano: nanoseconds(span.startedMs), timeUnixNano: nanoseconds(endsMs) };
  return {
    resourceMetrics: [
      {
        resource: { attributes: keyValues(resource) },
        scopeMetrics: [{ scope, metrics: metrics.map((metric) => metricOf(metric, times)) }],
      },
    ],
  };
}

interface Times {
  startTimeUnixNano: string;
  timeUnixNano: string;
}

function metricOf(metric: Metric, times: Times): object {
  const { name, unit, description } = metric;
  const described = { name, unit, description };
  switch (metric.kind) {
    case 'gauge':
      return {
        ...described,
        gauge: { dataPoints: numbers(metric.points, unit, { timeUnixNano: times.timeUnixNano }) },
      };
    case 'sum':
      return {
        ...described,
        sum: {
          aggregationTemporality: cumulative,
          isMonotonic: metric.monotonic,
          dataPoints: numbers(metric.points, unit, times),
        },
      };
    case 'histogram':
      return {
        ...described,
        histogram: {
          aggregationTemporality: cumulative,
          dataPoints: metric.points.map((point) => histogramPoint(point, times)),
        },
      };
  }
}

function numbers(points: readonly NumberPoint[], unit: string, times: Partial<Times>): object[] {
  // Bytes and counts are whole by nature; a metric must not change its type from one export to the next.
  const whole = unit === 'By' || unit.startsWith('{');
  return points
    .filter(({ value }) => Number.isFinite(value))
    .map(({ attributes, value, exemplar }) => {
      const number = whole ? { asInt: integer(value) } : { asDouble: value };
      const { timeUnixNano } = times;
      return {
        attributes: keyValues(attributes),
        ...times,
        ...number,
        ...(exemplar === undefined
          ? {}
          : { exemplars: [{ filteredAttributes: keyValues(exemplar), timeUnixNano, ...number }] }),
      };
    });
}

function histogramPoint({ attributes, bounds, counts, sum, count }: HistogramPoint, times: Times): object {
  return {
    attributes: keyValues(attributes),
    ...times,
    count: integer(count),
    sum,
    bucketCounts: Array.from(counts, integer),
    explicitBounds: bounds,
  };
}

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): object {
  // A lone surrogate, from a cut-off URL, is no valid UTF-8.
  if (typeof value === 'string') return { stringValue: value.replace(/\p{Surrogate}/gu, '\ufffd') };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function integer(value: number): string {
  return BigInt(Math.round(value)).toString();
}

function nanoseconds(timeMs: number): string {
  return (BigInt(Math.max(0, Math.round(timeMs * 1e3))) * 1000n).toString();
}
