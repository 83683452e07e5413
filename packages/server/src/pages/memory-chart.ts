/**
 * The memory of one process as a chart: what is live, RSS, the limits, and when the verdict changed.
 *
 * SVG without a script: the curves stand in an inner picture that is stretched to the width of the page, the texts outside
 * of it by percentages, so that they keep their size on a telephone.
 */
import type { SampleRow, VerdictChangeTable } from '../store/schema.ts';
import { html, type Markup } from './html.ts';
import { bytes, utc } from './wording.ts';

/** What is drawn. */
export interface ChartInput {
  /** Oldest first. */
  samples: readonly Pick<SampleRow, 'time_ms' | 'floor_bytes' | 'rss_bytes'>[];
  changes: readonly Pick<VerdictChangeTable, 'time_ms' | 'verdict'>[];
  heapLimitBytes: number | null;
  containerLimitBytes: number | null;
}

/** The plot, in hundredths of the picture's height. */
const [top, bottom] = [8, 88];
/** A limit that is more times as high as the highest value would press the curves flat: it is told in words. */
const flattens = 6;
/** Marks of changes that have their verdict beside them: more would lie over each other. */
const mostNamed = 4;
/** A pause of so many times the usual distance is a gap, not a line. */
const gapFactor = 6;

/** The chart with its words; for fewer than two samples only the words. */
export function memoryChart(input: ChartInput): Markup {
  const { samples } = input;
  const values = samples.flatMap((sample) => [sample.floor_bytes, sample.rss_bytes].filter((value) => value !== null));
  const first = samples.at(0);
  const last = samples.at(-1);
  if (first === undefined || last === undefined || first.time_ms === last.time_ms || values.length < 2)
    return html`<p class="none">There are not enough samples for a chart yet: agents report once a minute.</p>`;
  const highest = Math.max(...values);
  const limits = limitsOf(input);
  const drawn = limits.filter((limit) => limit.bytes <= highest * flattens);
  const scale: Scale = {
    fromMs: first.time_ms,
    toMs: last.time_ms,
    mostBytes: Math.max(highest, ...drawn.map((limit) => limit.bytes)) * 1.06,
  };
  const above = limits.filter((limit) => !drawn.includes(limit));
  return html`<figure class="chart">
    <svg role="img" aria-label="${inWords(input, limits)}">
      ${gridLines(scale)}
      <svg
        role="presentation"
        x="0"
        y="${top}%"
        width="100%"
        height="${bottom - top}%"
        viewBox="0 0 1000 1000"
        preserveAspectRatio="none"
      >
        <path class="rss" d="${pathOf(samples, 'rss_bytes', scale)}" vector-effect="non-scaling-stroke" />
        <path class="floor" d="${pathOf(samples, 'floor_bytes', scale)}" vector-effect="non-scaling-stroke" />
      </svg>
      ${drawn.map((limit) => limitLine(limit, scale))} ${changeMarks(input.changes, scale)} ${timeLabels(scale)}
    </svg>
    <figcaption>
      <span class="key floor">live after collection</span> <span class="key rss">RSS</span>
      ${above.map((limit) => html`<span>${limit.name}: ${bytes(limit.bytes)}, far above</span> `)}
    </figcaption>
  </figure>`;
}

interface Scale {
  fromMs: number;
  toMs: number;
  mostBytes: number;
}

interface Limit {
  name: string;
  bytes: number;
}

function limitsOf({ heapLimitBytes, containerLimitBytes }: ChartInput): Limit[] {
  return [
    ...(heapLimitBytes === null ? [] : [{ name: 'heap limit', bytes: heapLimitBytes }]),
    ...(containerLimitBytes === null ? [] : [{ name: 'container limit', bytes: containerLimitBytes }]),
  ];
}

const percent = (value: number): string => `${Number(value.toFixed(2))}%`;
const x = (timeMs: number, { fromMs, toMs }: Scale): number => (100 * (timeMs - fromMs)) / (toMs - fromMs);
const y = (value: number, { mostBytes }: Scale): number => bottom - ((bottom - top) * value) / mostBytes;

function pathOf(samples: ChartInput['samples'], column: 'floor_bytes' | 'rss_bytes', scale: Scale): string {
  const points = samples.flatMap((sample) => {
    const value = sample[column];
    return value === null ? [] : [{ timeMs: sample.time_ms, value }];
  });
  const distances = points
    .slice(1)
    .map(({ timeMs }, at) => timeMs - points[at].timeMs)
    .sort((a, b) => a - b);
  const longestMs = (distances[distances.length >> 1] ?? 0) * gapFactor;
  return points
    .map(({ timeMs, value }, at) => {
      const joins = at > 0 && timeMs - points[at - 1].timeMs <= longestMs;
      const [right, down] = [10 * x(timeMs, scale), 1000 * (1 - value / scale.mostBytes)];
      return `${joins ? 'L' : 'M'}${right.toFixed(1)} ${down.toFixed(1)}`;
    })
    .join('');
}

function gridLines(scale: Scale): Markup[] {
  const step = roundStep(scale.mostBytes / 3);
  const lines = Array.from({ length: Math.floor(scale.mostBytes / step) + 1 }, (_, at) => at * step);
  return lines.map((value) => {
    const height = percent(y(value, scale));
    return html`<line class="grid" x1="0" x2="100%" y1="${height}" y2="${height}" />
      <text x="0" y="${height}" dy="-3">${bytes(value)}</text>`;
  });
}

/** 1, 2 or 5 times a power of ten, not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return ([1, 2, 5].find((times) => times * power >= least) ?? 10) * power;
}

function limitLine(limit: Limit, scale: Scale): Markup {
  const height = percent(y(limit.bytes, scale));
  return html`<line class="limit" x1="0" x2="100%" y1="${height}" y2="${height}" />
    <text class="limit" x="100%" y="${height}" dy="-3" text-anchor="end">${limit.name} ${bytes(limit.bytes)}</text>`;
}

function changeMarks(changes: ChartInput['changes'], scale: Scale): Markup[] {
  const within = changes.filter(({ time_ms: timeMs }) => timeMs >= scale.fromMs && timeMs <= scale.toMs);
  return within.map(({ time_ms: timeMs, verdict }, at) => {
    const right = x(timeMs, scale);
    const named = at >= within.length - mostNamed;
    const text = html`<text
      class="${verdict}"
      x="${percent(right)}"
      y="${bottom - 5 * (within.length - at)}%"
      dx="${right > 60 ? -4 : 4}"
      text-anchor="${right > 60 ? 'end' : 'start'}"
    >
      ${verdict}
    </text>`;
    return html`<line
        class="mark ${verdict}"
        x1="${percent(right)}"
        x2="${percent(right)}"
        y1="${top}%"
        y2="${bottom}%"
      />
      ${named ? text : null}`;
  });
}

function timeLabels(scale: Scale): Markup {
  const days = scale.toMs - scale.fromMs > 86_400_000;
  const label = (timeMs: number): string => utc(timeMs).slice(days ? 5 : 11, 16);
  return html`<text x="0" y="97%">${label(scale.fromMs)}</text>
    <text x="50%" y="97%" text-anchor="middle">${label((scale.fromMs + scale.toMs) / 2)}</text>
    <text x="100%" y="97%" text-anchor="end">${label(scale.toMs)} UTC</text>`;
}

/** The same for whoever cannot see it. */
function inWords({ samples, changes }: ChartInput, limits: readonly Limit[]): string {
  const told = (column: 'floor_bytes' | 'rss_bytes', name: string): string[] => {
    const values = samples.flatMap((sample) => sample[column] ?? []);
    const [from, to] = [values.at(0), values.at(-1)];
    return from === undefined || to === undefined ? [] : [`${name} from ${bytes(from)} to ${bytes(to)}`];
  };
  const [first, last] = [samples.at(0)?.time_ms ?? 0, samples.at(-1)?.time_ms ?? 0];
  return [
    `Memory from ${utc(first)} to ${utc(last)}`,
    ...told('floor_bytes', 'live after collection'),
    ...told('rss_bytes', 'RSS'),
    ...limits.map((limit) => `${limit.name} ${bytes(limit.bytes)}`),
    ...changes.map((change) => `${change.verdict} at ${utc(change.time_ms)}`),
  ].join('; ');
}
