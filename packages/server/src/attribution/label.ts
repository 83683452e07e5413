/**
 * Whether a cell grows as what grows now does: pure.
 *
 * The measure is half of the present growth, by the request and by the hour, with intervals of 95 %:
 *
 * - `grows`: by one of the measures surely more than half (by either: traffic that rose makes the same leak faster by the hour, a leak
 *   in time slower by the request), and it is no start-up: its judge called it a leak, or it went on for half a day.
 * - `still`: by both measures surely less than half; where it also ends, as a cache that is full, its later part counts. Where a
 *   cell is young, it is held against the present growth at the same age.
 * - `unknown`: neither.
 */
import { sharedGrowth, type Estimate, type GrowthPoint, type SharedGrowth } from '@ebb/trend';
import type { Cell, Stretch } from './cells.ts';

/** What a cell does. */
export type Label = 'grows' | 'still' | 'unknown';

/** What was measured of a cell. */
export interface Measured {
  label: Label;
  growth: SharedGrowth;
  /** Processes that grow for sure, that do not for sure, and all. */
  growing: number;
  still: number;
  processes: number;
  /** For how long the longest of its stretches was seen. */
  seenMs: number;
  /** The ages at which it was held against the present growth; null where it was its later part at any age. */
  agesMs: readonly [fromMs: number, toMs: number] | null;
}

/** A stretch's first so many samples are start-up, ten minutes at most. */
const startUpSamples = 10;
const mostStartUpMs = 10 * 60_000;
/** Of what is left the last so much is the later part. */
const laterShare = 0.6;
/** Growth that nobody called a leak goes on if it was seen for so long and did not slow down. */
const goesOnMs = 12 * 3_600_000;
const goesOnShare = 0.6;
const mostStretches = 16;
const half = 0.5;
/** The logarithm of twenty. */
const leastOdds = 3;

/** The growth of all cells, held against the present one: first those that show it by themselves, then the young. */
export function measureAll(cells: ReadonlyMap<string, Cell>, present: Present): Map<string, Measured> {
  const measured = new Map([...cells].map(([key, cell]) => [key, measure(cell, present)]));
  const still = [...cells].flatMap(([key, { stretches }]) => (measured.get(key)?.label === 'still' ? stretches : []));
  for (const [key, cell] of cells) {
    const own = measured.get(key);
    if (own?.label !== 'unknown') continue;
    const young = atEqualAge(cell, present, still);
    if (young !== null) measured.set(key, { ...own, ...young });
  }
  return measured;
}

/**
 * What followed something that came while processes ran, or began them anew, held against the growth before it. Who went on
 * is no start-up, whatever its judge says later.
 */
export function heldAgainst(cell: Cell, present: Present): Measured {
  const measured = measureAll(new Map([['', cell]]), present).get('') ?? measure(cell, present);
  const wentOn = cell.stretches.every(({ life, fromMs }) => life.startMs < fromMs);
  return measured.label === 'unknown' && wentOn
    ? { ...measured, label: labelOf(measured.growth, present.growth) }
    : measured;
}

/** The cell's growth in its later part, held against the present one. */
function measure(cell: Cell, present: Present): Measured {
  const stretches = telling(cell.stretches);
  const growth = sharedGrowth(stretches.map(laterPart));
  const each = stretches.map((stretch) => labelOf(sharedGrowth([laterPart(stretch)]), present.growth));
  const seenMs = stretches.reduce((most, { fromMs, toMs }) => Math.max(most, toMs - fromMs), 0);
  const label = labelOf(growth, present.growth);
  const isSure = label === 'still' || (label === 'grows' && goesOn(stretches, growth, seenMs));
  return {
    label: isSure ? label : 'unknown',
    growth,
    growing: each.filter((one) => one === 'grows').length,
    still: each.filter((one) => one === 'still').length,
    processes: new Set(cell.stretches.map(({ life }) => life.process)).size,
    seenMs,
    agesMs: null,
  };
}

/** What grows now. */
export interface Present {
  growth: SharedGrowth;
  stretches: readonly Stretch[];
}

/** What grows now, by the stretches that are called leaks. */
export function presentOf(stretches: readonly Stretch[]): Present {
  const own = telling(stretches);
  return { growth: sharedGrowth(own.map(laterPart)), stretches: own };
}

/** On which side of a share of the present growth a growth is, for sure. */
function labelOf(growth: SharedGrowth, present: SharedGrowth, middle: number = half): Label {
  return labelBy(growth, present, (own, now) =>
    own.low > middle * now ? 'grows' : own.high < middle * now ? 'still' : 'unknown',
  );
}

/** By the request and by the second: what grows by one of them grows, what is still by both is still. */
function labelBy(
  growth: SharedGrowth,
  present: SharedGrowth,
  decide: (own: Estimate, presentBytes: number) => Label,
): Label {
  const sides = (['perRequest', 'perSecond'] as const).flatMap((by): Label[] => {
    const [own, now] = [growth[by], present[by]];
    if (now === null || now.value <= 0) return [];
    return [own === null ? 'unknown' : decide(own, now.value)];
  });
  if (sides.includes('grows')) return 'grows';
  return sides.length > 0 && sides.every((side) => side === 'still') ? 'still' : 'unknown';
}

/** The stretches that tell most, longest first. */
function telling(stretches: readonly Stretch[]): Stretch[] {
  return stretches.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, mostStretches);
}

function goesOn(stretches: readonly Stretch[], later: SharedGrowth, seenMs: number): boolean {
  if (
    stretches.some(
      ({ life, fromMs, toMs }) => life.leakedAtMs !== null && life.leakedAtMs >= fromMs && life.leakedAtMs <= toMs,
    )
  )
    return true;
  if (seenMs < goesOnMs) return false;
  const earlier = sharedGrowth(stretches.map((stretch) => afterStart(stretch).slice(0, -laterPart(stretch).length)));
  return (['perRequest', 'perSecond'] as const).some((by) => {
    const [first, last] = [earlier[by], later[by]];
    return first !== null && last !== null && last.low > 0 && last.value >= goesOnShare * first.value;
  });
}

/**
 * Young processes, which may only be starting up, at equal age: against those that are known to be still in the end, and
 * against what grows now when it was as young.
 */
function atEqualAge(
  cell: Cell,
  present: Present,
  still: readonly Stretch[],
): Pick<Measured, 'label' | 'growth' | 'agesMs'> | null {
  const own = telling(cell.stretches);
  const held = [
    { reference: telling(still), offset: 0 },
    { reference: present.stretches, offset: 1 },
  ].flatMap(({ reference, offset }) => {
    const agesMs = commonAges(own, reference);
    if (agesMs === null) return [];
    const growth = sharedGrowth(own.map((stretch) => atAges(stretch, agesMs)));
    const then = sharedGrowth(reference.map((stretch) => atAges(stretch, agesMs)));
    return [{ growth, agesMs, beyond: difference(growth, then), offset }];
  });
  for (const decide of [labelOf, labelByOdds]) {
    for (const { growth, agesMs, beyond, offset } of held) {
      const label = decide(beyond, present.growth, half - offset);
      if (label !== 'unknown') return { label, growth, agesMs };
    }
  }
  return null;
}

/**
 * Whether a growth is rather what grows now or rather none at all, by odds of twenty to one; `middle` lies between the two, by
 * shares of the present growth. For what lies between a cell that is still and one that grows: it is like one of them.
 */
function labelByOdds(growth: SharedGrowth, present: SharedGrowth, middle: number): Label {
  return labelBy(growth, present, (own, now) => {
    const deviation = (own.high - own.value) / (1.96 * now);
    const odds = (own.value / now - middle) / deviation ** 2;
    return odds > leastOdds ? 'grows' : odds < -leastOdds ? 'still' : 'unknown';
  });
}

/** Ages at which both were seen, without start-up. */
function commonAges(a: readonly Stretch[], b: readonly Stretch[]): [number, number] | null {
  const youngest = (stretches: readonly Stretch[]): number =>
    stretches.reduce(
      (least, one) => Math.min(least, Math.max(startUpMs(one), one.fromMs - one.life.startMs)),
      Infinity,
    );
  const oldest = (stretches: readonly Stretch[]): number =>
    stretches.reduce((most, { life, toMs }) => Math.max(most, toMs - life.startMs), 0);
  const [from, to] = [Math.max(youngest(a), youngest(b)), Math.min(oldest(a), oldest(b))];
  return to > from ? [from, to] : null;
}

function difference(a: SharedGrowth, b: SharedGrowth): SharedGrowth {
  const less = (by: 'perRequest' | 'perSecond'): SharedGrowth['perRequest'] => {
    const [one, other] = [a[by], b[by]];
    if (one === null || other === null) return null;
    const value = one.value - other.value;
    const reach = Math.hypot(one.high - one.value, other.high - other.value);
    return { value, low: value - reach, high: value + reach };
  };
  return { perRequest: less('perRequest'), perSecond: less('perSecond'), rows: Math.min(a.rows, b.rows) };
}

function atAges({ life, points }: Stretch, [from, to]: readonly [number, number]): GrowthPoint[] {
  return points.filter(({ timeMs }) => timeMs - life.startMs >= from && timeMs - life.startMs <= to);
}

function laterPart(stretch: Stretch): GrowthPoint[] {
  const points = afterStart(stretch);
  const [first, last] = [points.at(0)?.timeMs ?? 0, points.at(-1)?.timeMs ?? 0];
  const fromMs = last - (last - first) * laterShare;
  return points.filter(({ timeMs }) => timeMs >= fromMs);
}

function afterStart(stretch: Stretch): GrowthPoint[] {
  const fromMs = stretch.life.startMs + startUpMs(stretch);
  return stretch.points.filter(({ timeMs }) => timeMs >= fromMs);
}

function startUpMs({ points }: Stretch): number {
  const distances = points.slice(1).map(({ timeMs }, at) => timeMs - points[at].timeMs);
  const usual = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0;
  return Math.min(mostStartUpMs, usual * startUpSamples);
}
