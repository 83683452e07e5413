/** What the protocols tell: values with names and labels. */

/** One value. Keys of labels have underscores where OpenTelemetry has dots. */
export interface Point {
  /** As {@link metricName} makes it. */
  name: string;
  labels: ReadonlyMap<string, string>;
  value: number;
  timeMs: number;
  /** Of a count of requests: how many of them were answered in time; null where its bounds do not tell. */
  inTime?: number | null;
}

const unitSuffix = /_(?:bytes_per_second|bytes_per_request|bytes|seconds|ratio|total)$/;

/** One name for a metric, whether it came by OTLP or from Prometheus: `process.memory.usage` is `process_memory_usage`. */
export function metricName(name: string): string {
  // A counter of seconds ends in _seconds_total.
  return name.replaceAll('.', '_').replace(unitSuffix, '').replace(unitSuffix, '');
}
