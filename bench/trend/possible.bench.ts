// How much is there to go by? On the pods: what figures find that know that the leak is a straight line from the first minute on,
// that look once, at the last moment that counts, and whose threshold is set knowing all healthy pods. On the simulated
// services: how long there is until that moment.
// By hand: node_modules/.bin/node bench/trend/possible.bench.ts [--write]   (--write: results/possible.md)
import { writeFileSync } from 'node:fs';
import { leakingServices } from '@ebb/trend/simulate';
import { quantile } from './intervals.ts';
import { podSeries, readPods, serviceOf } from './real-pods.ts';
import type { Pod } from './real-pods.ts';
import type { BenchSeries } from './series.ts';
import { serviceSeries } from './services.ts';

const HOUR_S = 3600;
const RUNS = 12;
/** Parts of the time until a moment. */
const BLOCKS = 6;
const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

/** How long a leak has gone on at the last moment with so much left (of the way, if nothing is said), in seconds. */
function untilS(series: BenchSeries, left: number, leftAt = series.wayLeft): number {
  const fromS = series.leaksFromS ?? 0;
  const last = series.samples.findLastIndex((_, index) => leftAt(index) >= left);
  return last < 0 ? 0 : Math.max(0, series.samples[last].point.timeS - fromS);
}

/** By how much of the limit a series rises an hour, by least squares, from its beginning on for so long. */
function slopeOf(series: BenchSeries, forS: number): number {
  const startS = series.samples[0].point.timeS;
  let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const { point } of series.samples) {
    const hours = (point.timeS - startS) / HOUR_S;
    if (hours * HOUR_S > forS) break;
    const share = point.bytes / point.limitBytes;
    n++;
    x += hours;
    y += share;
    xx += hours * hours;
    xy += hours * share;
  }
  const spread = xx - (x * x) / n;
  return n < 3 || spread <= 0 ? 0 : (xy - (x * y) / n) / spread;
}

/** How far the lower envelope rises from sixth to sixth of that time, as shares of the limit; empty where a sixth has no value. */
function stepsOf(series: BenchSeries, forS: number): number[] {
  const startS = series.samples[0].point.timeS;
  const lows = new Array<number>(BLOCKS).fill(Number.POSITIVE_INFINITY);
  for (const { point } of series.samples) {
    const block = Math.floor(((point.timeS - startS) / forS) * BLOCKS);
    if (block >= BLOCKS) break;
    lows[block] = Math.min(lows[block], point.bytes / point.limitBytes);
  }
  const steps = lows.slice(1).map((low, nth) => low - lows[nth]);
  return steps.every(Number.isFinite) ? steps : [];
}

/**
 * The most telling sum of steps for a straight line where the noise's covariances are known: those of all healthy pods but the
 * ones of the same service. (Fisher's linear discriminant; the weights add up to one.)
 */
function whitened(healthy: ReadonlyMap<Pod, number[]>, pod: Pod): (steps: readonly number[]) => number {
  const known = [...healthy].filter(([other, steps]) => serviceOf(other) !== serviceOf(pod) && steps.length > 0);
  const size = BLOCKS - 1;
  const means = Array.from({ length: size }, (_, at) => known.reduce((sum, [, s]) => sum + s[at], 0) / known.length);
  const rows = Array.from({ length: size }, (_, a) => [
    ...Array.from(
      { length: size },
      (__, b) => known.reduce((sum, [, s]) => sum + (s[a] - means[a]) * (s[b] - means[b]), 0) / known.length,
    ),
    1,
  ]);
  // Gauss and Jordan: covariances times weights is one everywhere.
  for (let at = 0; at < size; at++) {
    for (let row = 0; row < size; row++) {
      if (row === at) continue;
      const factor = rows[row][at] / rows[at][at];
      for (let column = at; column <= size; column++) rows[row][column] -= factor * rows[at][column];
    }
  }
  const weights = rows.map((row, at) => row[size] / row[at]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (steps) => steps.reduce((sum, step, at) => sum + (weights[at] / total) * (step - means[at]), 0);
}

/** Of the leaking, how many lie above all but so many of the healthy. */
function foundAt(healthy: readonly number[], leaking: readonly number[], falseOnes: number): string {
  const threshold = healthy.toSorted((a, b) => b - a)[falseOnes] ?? Number.NEGATIVE_INFINITY;
  return (leaking.filter((value) => value > threshold).length / leaking.length).toFixed(2);
}

/** The pod of the same service on the other day, as far as there is one. */
function otherDay(pod: Pod, pods: readonly Pod[]): Pod | undefined {
  return pods.find((other) => other !== pod && serviceOf(other) === serviceOf(pod));
}

say('# What is possible\n');
say('Made by `bench/trend/possible.bench.ts`.\n');
const { pods } = readPods();
say('## On the real pods\n');
say(
  `${pods.length} pods as in [rules.md](rules.md). Each figure knows that the leak is a straight line of exactly this size from the first minute on, looks once, at the last moment with so much of the way to the limit left, and sets its threshold knowing all healthy pods at those same moments. *Slope*: by least squares up to then. *Beside the other day*: less the slope of the same service on the other day at equal age. *Noise known*: the steps of the lower envelope between six equal parts of that time, weighed by the covariances of the healthy pods of all other services. *Smallest* and *second smallest step* of these five: how even the growth is. None is a bound on what a rule may find (Ebb looks often, for a stretch that is even, and so finds more than a slope does); they say how much there is to go by.\n`,
);
say(
  '| leak an hour, moment | hours until then: a tenth, median | slope of healthy pods up to then: median, a tenth of them | at so many false alarms | slope | beside the other day | noise known | smallest step | second smallest |',
);
say('|---|---|---|---|---|---|---|---|---|');
for (const [share, left] of [
  [0.01, 0.8],
  [0.01, 0.6],
  [0.001, 0],
] as const) {
  const figures: Record<string, [healthy: number[], leaking: number[]]> = {
    slope: [[], []],
    beside: [[], []],
    whitened: [[], []],
    smallest: [[], []],
    second: [[], []],
  };
  const steps = pods.map((pod) => {
    const forS = untilS(podSeries(pod, share, false), left);
    return { pod, forS, healthy: stepsOf(podSeries(pod, 0, false), forS) };
  });
  const healthySteps = new Map(steps.map(({ pod, healthy }) => [pod, healthy]));
  for (const { pod, forS } of steps) {
    const other = otherDay(pod, pods);
    const usual = other === undefined ? null : slopeOf(podSeries(other, 0, false), forS);
    const weigh = whitened(healthySteps, pod);
    for (const [nth, size] of [0, share].entries()) {
      const series = podSeries(pod, size, false);
      const slope = slopeOf(series, forS);
      figures['slope'][nth].push(slope);
      if (usual !== null) figures['beside'][nth].push(slope - usual);
      const own = stepsOf(series, forS);
      if (own.length === 0) continue;
      const sorted = own.toSorted((a, b) => a - b);
      figures['whitened'][nth].push(weigh(own));
      figures['smallest'][nth].push(sorted[0]);
      figures['second'][nth].push(sorted[1]);
    }
  }
  const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const hours = steps.map(({ forS }) => forS / HOUR_S);
  const [median, most] = [0.5, 0.9].map((part) => percent(quantile(figures['slope'][0], part)));
  const moment = left === 0 ? 'the last minute' : `${100 * left} % left`;
  for (const falseOnes of [0, 1, 2]) {
    const cells = [
      `${Number((100 * share).toPrecision(2))} %, ${moment}`,
      `${quantile(hours, 0.1).toFixed(1)}, ${quantile(hours, 0.5).toFixed(1)}`,
      `${median}, ${most}`,
      falseOnes,
      ...Object.values(figures).map(([healthy, leaking]) => foundAt(healthy, leaking, falseOnes)),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}
say('\n## On simulated services\n');
say(
  `${RUNS} of each kind that leaks 1 % of its limit an hour. How many still have 80 % left when they have leaked for so long: of the way, of which a start-up takes its part, and of the room that there would be without the leak. Up to eight hours, a tooth of a batch looks the same; beside the version before, or where nothing that is healthy looked like it, three hours would do.\n`,
);
const WAITS = [1, 2, 3, 4, 5, 6, 8, 10, 12];
for (const [title, leftOf] of [
  ['Of the way', (series: BenchSeries) => series.wayLeft],
  ['Of the room without the leak', (series: BenchSeries) => series.roomLeft],
] as const) {
  say(`| ${title} | ${WAITS.map((wait) => `${wait} h`).join(' | ')} |`);
  say(`|---|${WAITS.map(() => '---').join('|')}|`);
  const all: number[] = [];
  const row = (name: string, hours: readonly number[]): void => {
    const cells = WAITS.map((wait) => (hours.filter((until) => until >= wait).length / hours.length).toFixed(2));
    say(`| ${name} | ${cells.join(' | ')} |`);
  };
  for (const [kind, draw] of Object.entries(leakingServices)) {
    const hours = Array.from({ length: RUNS }, (_, nth) => {
      const series = serviceSeries(kind, draw, nth + 1, 0.01, 'agent');
      return untilS(series, 0.8, leftOf(series)) / HOUR_S;
    });
    all.push(...hours);
    row(kind, hours);
  }
  row('**all**', all);
  say();
}
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/possible.md', import.meta.url), `${lines.join('\n')}\n`);
