/**
 * Metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0 where the scraper asks for that.
 *
 * Names follow OpenTelemetry's rules for Prometheus: dots become underscores, the unit is appended (`_bytes`,
 * `_seconds`, `_ratio`), counters end in `_total`. The resource becomes the labels of `target_info`.
 */
import type { ResourceAttributes } from '../identity/resource.ts';
import type { Attributes, HistogramPoint, Metric } from './metric.ts';

/** The metrics of one thread; its attributes are added to each of its points. */
export interface ThreadMetrics {
  attributes: Attributes;
  metrics: readonly Metric[];
}

const units: Readonly<Record<string, string>> = {
  By: 'bytes',
  s: 'seconds',
  'By/s': 'bytes_per_second',
  'By/{request}': 'bytes_per_request',
};

/** All threads' metrics as one exposition; each family once, whatever thread its points come from. */
export function prometheusText(
  resource: ResourceAttributes,
  threads: readonly ThreadMetrics[],
  openMetrics: boolean,
): string {
  const families = new Map<string, { metric: Metric; lines: string[] }>();
  const info = {
    kind: 'gauge',
    name: 'target',
    unit: '',
    description: 'Who the process is.',
    points: [{ attributes: resource, value: 1 }],
  } as const;
  const lines: string[] = [
    openMetrics ? '# TYPE target info' : '# TYPE target_info gauge',
    `# HELP ${openMetrics ? 'target' : 'target_info'} ${info.description}`,
    sample('target_info', resource, 1),
  ];
  for (const { attributes, metrics } of threads) {
    for (const metric of metrics) {
      const name = familyName(metric);
      let family = families.get(name);
      // Two threads of different versions could differ; a family has one type.
      if (family === undefined) families.set(name, (family = { metric, lines: [] }));
      if (family.metric.kind === metric.kind) family.lines.push(...samples(name, metric, attributes));
    }
  }
  for (const [name, family] of families) {
    if (family.lines.length === 0) continue;
    lines.push(...header(name, family.metric, openMetrics), ...family.lines);
  }
  if (openMetrics) lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function header(name: string, metric: Metric, openMetrics: boolean): string[] {
  const counter = isCounter(metric);
  const type = counter ? 'counter' : metric.kind === 'histogram' ? 'histogram' : 'gauge';
  // OpenMetrics calls a counter's family by the name without its suffix.
  const family = counter && !openMetrics ? `${name}_total` : name;
  const unit = units[metric.unit];
  return [
    `# TYPE ${family} ${type}`,
    ...(openMetrics && unit !== undefined ? [`# UNIT ${family} ${unit}`] : []),
    `# HELP ${family} ${escapeHelp(metric.description, openMetrics)}`,
  ];
}

function samples(name: string, metric: Metric, more: Attributes): string[] {
  if (metric.kind === 'histogram') return metric.points.flatMap((point) => histogramSamples(name, point, more));
  const sampleName = isCounter(metric) ? `${name}_total` : name;
  return metric.points
    .filter(({ value }) => Number.isFinite(value))
    .map(({ attributes, value }) => sample(sampleName, { ...attributes, ...more }, value));
}

function histogramSamples(name: string, point: HistogramPoint, more: Attributes): string[] {
  const attributes = { ...point.attributes, ...more };
  const lines: string[] = [];
  let below = 0;
  for (let i = 0; i <= point.bounds.length; i++) {
    below += point.counts[i] ?? 0;
    const bound = i < point.bounds.length ? String(point.bounds[i]) : '+Inf';
    lines.push(sample(`${name}_bucket`, { ...attributes, le: bound }, below));
  }
  lines.push(sample(`${name}_sum`, attributes, point.sum), sample(`${name}_count`, attributes, point.count));
  return lines;
}

function sample(name: string, attributes: Attributes, value: number): string {
  const labels = new Map<string, string>();
  for (const [key, text] of Object.entries(attributes)) {
    const label = labelName(key);
    // Two attributes can fall on one label; OpenTelemetry joins them.
    const other = labels.get(label);
    labels.set(label, other === undefined ? String(text) : `${other};${String(text)}`);
  }
  const pairs = [...labels].map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function familyName(metric: Metric): string {
  const base = metric.name.replace(/[^a-zA-Z0-9_:]+/g, '_').replace(/^(?=\d)/, '_');
  const unit = units[metric.unit] ?? (metric.unit === '1' && metric.kind === 'gauge' ? ratio(metric) : undefined);
  return unit === undefined || base.endsWith(`_${unit}`) ? base : `${base}_${unit}`;
}

/** Unit `1` is a ratio, but for states that are 0 or 1. */
function ratio(metric: Metric): string | undefined {
  return metric.name === 'ebb.verdict' || metric.name === 'ebb.suspicious' ? undefined : 'ratio';
}

function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]+/g, '_').replace(/^(?=\d)/, '_');
}

function isCounter(metric: Metric): boolean {
  return metric.kind === 'sum' && metric.monotonic;
}

function escapeLabel(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/"/g, '\\"');
}

function escapeHelp(text: string, openMetrics: boolean): string {
  const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return openMetrics ? escaped.replace(/"/g, '\\"') : escaped;
}
