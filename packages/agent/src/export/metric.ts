/**
 * What was measured, in the words of OpenTelemetry's data model: the common ground of the OTLP and the Prometheus export.
 */

/** What tells the points of one metric apart. Keys are names of the semantic conventions, or `ebb.…`. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One number. */
export interface NumberPoint {
  attributes: Attributes;
  value: number;
  /** What is told beside the value and is no part of the series; by OTLP only. */
  exemplar?: Attributes;
}

/** One distribution, cumulative since the agent's start. `counts` has one entry more than `bounds`. */
export interface HistogramPoint {
  attributes: Attributes;
  bounds: readonly number[];
  counts: readonly number[];
  sum: number;
  count: number;
}

interface Described {
  name: string;
  /** In UCUM: `By`, `s`, `1`, `{request}`. */
  unit: string;
  description: string;
}

/** A value that is what it is now. */
export interface Gauge extends Described {
  kind: 'gauge';
  points: NumberPoint[];
}

/** A value that adds up over processes; a counter when it never falls. Cumulative since the agent's start. */
export interface Sum extends Described {
  kind: 'sum';
  monotonic: boolean;
  points: NumberPoint[];
}

/** A distribution. */
export interface HistogramMetric extends Described {
  kind: 'histogram';
  points: HistogramPoint[];
}

export type Metric = Gauge | Sum | HistogramMetric;

/** A gauge with one point and no attributes; without a point where there is no value. */
export function gauge(name: string, unit: string, description: string, value: number | null | undefined): Gauge {
  return { kind: 'gauge', name, unit, description, points: point(value) };
}

/** A sum with one point and no attributes. */
export function sum(name: string, unit: string, description: string, monotonic: boolean, value: number | null): Sum {
  return { kind: 'sum', name, unit, description, monotonic, points: point(value) };
}

function point(value: number | null | undefined): NumberPoint[] {
  return value === null || value === undefined || !Number.isFinite(value) ? [] : [{ attributes: {}, value }];
}
