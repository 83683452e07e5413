import type { Points, ThinnedHistory } from '../history/thinned-history.ts';
import { shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';
import { explainedByTraffic } from './traffic.ts';

/**
 * For how long growth must have lasted before it is called a leak, in warm-ups: nothing shows that growth won't end but
 * its not ending.
 */
export interface Patience {
  /** Growth that was there from the start, or while requests tell what the traffic did. */
  enough: number;
  /** Growth after a time of quiet, when no requests are known: it may be the rising half of a day. */
  afterQuiet: number;
  /** Fewer will do, but never fewer than this, … */
  least: number;
  /** … when growth has taken this share of what was left to the limit: then there is no time to wait. */
  eatenShare: number;
  /** So many will do where no limit is known. */
  leastUnlimited: number;
  /** Growth by less than this share of what was left to the limit hurts nobody yet, … */
  materialShare: number;
  /** … nor does one by less than this, when it has lasted `afterQuiet`. */
  materialShareLater: number;
  /** The second half must have this share of the pace of the first. */
  latePace: number;
  /** How many times as long the next longer stretch is that is looked at. */
  ratio: number;
  /** Whether stretches of any length are looked at (all since the warm-up, all since growth began): where the level itself is sure. */
  clear: boolean;
}

const BLOCKS = 6;
const BINS = 24;
/** Each step must be this share of the median step: a burst on top of steady growth does no harm, a plateau does. */
const EACH_STEP = 0.55;
/** What grows must lead above all that was before by this share of its rise: no tooth of a saw is like the other. */
const HIGHER = 0.1;
/** Growth after a quiet time of more than this share of its own, … */
const QUIET_SHARE = 1 / 6;
/** … that is, which grew at less than this share of its pace. */
const QUIET_PACE = 0.35;
/** With traffic that grew so much in the second half, growth must be in step with the requests … */
const RAMP = 1.2;
/** … to this share. */
const IN_STEP = 0.9;
/** Lengths in warm-ups are not as exact as floating-point numbers. */
const ABOUT = 0.999;

/**
 * A stretch, up to now, in which growth lasted: cut into blocks of equal time or of equal work, the lowest value of each
 * stands above that of the block before, by steps that are all alike; it doesn't slow down, leads higher than the series
 * ever stood, and the traffic doesn't account for it. The longest such, of those that are enough; null when there is none.
 */
export function lastingGrowth(
  history: ThinnedHistory,
  warmupS: number,
  patience: Patience,
  roomBytes: number,
  materialBytes: number,
  sinceS: number,
): Shape | null {
  const nowS = history.timeS(history.count - 1);
  for (const spanS of stretches(nowS - warmupS, warmupS, patience, nowS - sinceS)) {
    const fromS = nowS - spanS;
    const points = history.window(fromS, BINS);
    const last = points.count - 1;
    if (last < BLOCKS - 1 || nowS - points.timeS[0] < 0.75 * spanS) continue;
    const riseBytes = Math.max(evenRise(points, points.timeS), evenRise(points, points.requests));
    if (!(riseBytes >= materialBytes)) continue;
    if (!hurts(points.bytes[last] - points.bytes[0], spanS / warmupS, patience, roomBytes)) continue;
    const before = stretchBefore(history, warmupS, fromS);
    if (points.bytes[last] <= before.ceilingBytes + HIGHER * riseBytes) continue;
    const worked = points.requests[last] > points.requests[0];
    const beforeS = fromS - warmupS;
    const wasQuiet = points.bytes[0] - before.startBytes < QUIET_PACE * (riseBytes / spanS) * beforeS;
    const afterQuiet = wasQuiet && beforeS > QUIET_SHARE * spanS;
    if (!worked && afterQuiet && spanS < ABOUT * patience.afterQuiet * warmupS) continue;
    const shape = shapeOf(points);
    if (shape.line.low <= 0 || Math.max(shape.pace, shape.pacePerRequest ?? 0) < patience.latePace) continue;
    if (!worked || !(outpaced(shape) || explainedByTraffic(points))) return shape;
  }
  return null;
}

/** Whether traffic that grew makes growth look even that slows down with the work. */
export function outpaced({ rateGrowth, pacePerRequest }: Shape): boolean {
  return rateGrowth !== null && pacePerRequest !== null && rateGrowth > RAMP && pacePerRequest < IN_STEP;
}

/** The lengths of time that are looked at, in seconds: those that are enough, longest first; then those that hurry. */
function stretches(ageS: number, warmupS: number, patience: Patience, grownS: number): number[] {
  const { enough, afterQuiet, least, ratio, clear } = patience;
  const spans: number[] = [];
  if (clear) for (let warmups = enough; warmups * warmupS <= ageS; warmups *= ratio) spans.unshift(warmups * warmupS);
  else spans.push(afterQuiet * warmupS, enough * warmupS);
  for (let warmups = enough / ratio; warmups >= least; warmups /= ratio) spans.push(warmups * warmupS);
  if (clear) spans.push(ageS, grownS);
  return spans.filter((spanS) => spanS <= ageS && spanS >= least * warmupS);
}

/** Whether growth over so many warm-ups has taken so much of what was left that there is reason to say so. */
function hurts(riseBytes: number, warmups: number, patience: Patience, roomBytes: number): boolean {
  const hurries = warmups < ABOUT * patience.enough;
  if (!Number.isFinite(roomBytes)) return warmups >= ABOUT * patience.leastUnlimited;
  const { eatenShare, materialShare, materialShareLater, afterQuiet } = patience;
  const share = hurries ? eatenShare : warmups < ABOUT * afterQuiet ? materialShare : materialShareLater;
  return riseBytes >= share * (roomBytes + riseBytes);
}

/** How far the lowest values of equal blocks of an axis rise, when they do so in steps that are all alike; -Infinity else. */
function evenRise({ count, bytes }: Points, axis: Float64Array): number {
  const width = (axis[count - 1] - axis[0]) / BLOCKS;
  if (!(width > 0)) return Number.NEGATIVE_INFINITY;
  const lows = new Float64Array(BLOCKS).fill(Number.POSITIVE_INFINITY);
  for (let at = 0; at < count; at++) {
    const block = Math.min(BLOCKS - 1, Math.floor((axis[at] - axis[0]) / width));
    if (bytes[at] < lows[block]) lows[block] = bytes[at];
  }
  const steps = lows.subarray(1).map((low, block) => low - lows[block]);
  if (!steps.every(Number.isFinite)) return Number.NEGATIVE_INFINITY;
  const median = steps.sort()[(BLOCKS - 1) >> 1];
  return steps[0] < EACH_STEP * median ? Number.NEGATIVE_INFINITY : median * (BLOCKS - 1);
}

/** Where the series stood after its warm-up, and how high before a time: a spike of a single point doesn't count. */
function stretchBefore(
  history: ThinnedHistory,
  warmupS: number,
  toS: number,
): { startBytes: number; ceilingBytes: number } {
  const startS = warmupS + (toS - warmupS) / BLOCKS;
  let startBytes = Number.NaN;
  let ceilingBytes = Number.NEGATIVE_INFINITY;
  let before = Number.NaN;
  for (let index = 0; index < history.count && history.timeS(index) < toS; index++) {
    if (history.timeS(index) < warmupS) continue;
    const bytes = history.bytes(index);
    if (Number.isNaN(startBytes) || (history.timeS(index) < startS && bytes < startBytes)) startBytes = bytes;
    const both = Math.min(before, bytes);
    if (both > ceilingBytes) ceilingBytes = both;
    before = bytes;
  }
  return { startBytes, ceilingBytes };
}
