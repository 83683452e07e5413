/** What an OTLP request tells, however it is written: a resource is a process. */
import { useOf, type Use } from './draft.ts';
import { metricName } from './point.ts';
import { requestDuration } from './route-series.ts';

/** A metric as Ebb knows it. */
export interface KnownMetric {
  /** See {@link metricName}. */
  name: string;
  use: Use;
}

/** What Ebb makes of a metric; a histogram tells its count. */
export function knownMetric(name: string, kind: 'number' | 'histogram'): KnownMetric {
  const plain = metricName(name);
  const own = kind === 'number' ? plain : `${plain}_count`;
  return { name: own, use: useOf(own) };
}

/** AGGREGATION_TEMPORALITY_DELTA: such a count cannot be told from one that is sent again. */
const delta = 1;
const requestCount = `${requestDuration}_count`;

/** A number as it was told; none where it is a difference. */
export function numberBy(temporality: number, value: number): { value: number; inTime?: number | null } {
  return { value: temporality === delta ? NaN : value };
}

/** Whether a histogram's count is one of requests, of which its ranges say how many were answered in time. */
export function isCountOfRequests(name: string, temporality: number): boolean {
  return temporality !== delta && name === requestCount;
}

/** The key of a label: an attribute's, with underscores for dots. */
export function labelKey(attribute: string): string {
  return attribute.replaceAll('.', '_');
}

/** So many attributes are read of a resource or point; OpenTelemetry's SDKs send 128 at most. */
export const mostLabels = 256;

/** The flag of a point that says that there is no value. */
export const noRecordedValue = 1;

/** Nanoseconds since the epoch as whole milliseconds. */
export function millisecondsOf(nanoseconds: number): number {
  return Math.round(nanoseconds / 1e6);
}
