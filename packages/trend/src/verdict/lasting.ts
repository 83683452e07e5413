import { roomFor, type Points, type ThinnedHistory } from '../history/thinned-history.ts';
import { riseOfLows, type SeenRise } from '../pooling/seen-rises.ts';
import { Shape } from './shape.ts';
import { mayBeFilling } from './filling.ts';
import { explainedByTraffic, followsTraffic } from './traffic.ts';

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
  /** So many will do where the processes before it are known, and did not grow like this. */
  unusual: number;
  /** So many will do where no limit is known. */
  leastUnlimited: number;
  /** Growth by less than this share of what was left to the limit hurts nobody yet, … */
  materialShare: number;
  /** … nor does one by less than this that is unusual, … */
  materialShareUnusual: number;
  /** … nor one by less than this that has lasted `afterQuiet`. */
  materialShareLater: number;
  /** The second half must have this share of the pace of the first. */
  latePace: number;
  /** How many times as long the next longer stretch is that is looked at. */
  ratio: number;
  /** Whether stretches of any length are looked at (all since the warm-up, all since growth began): where the level itself is sure. */
  clear: boolean;
}

/** What is known of growth beside the series. */
export interface Growth {
  warmupS: number;
  patience: Patience;
  /** What is left to the nearer limit; infinite when none is known. */
  roomBytes: number;
  /** A rise below this is nothing. */
  materialBytes: number;
  /** Since when it grows, as the growth test sees it. */
  sinceS: number;
  /** What was seen of such processes; null where nothing is known of them. */
  usual: Usual | null;
}

/** What processes like this one did in stretches as long as one of this process' life; null where that isn't known. */
export type Usual = (fromS: number, toS: number) => SeenRise | null;

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
/** A tooth is what is given back later, if that is more than this share of the rise: else it is noise. */
const TOOTH = 0.15;
/** Growth is unusual when the farthest rise that was ever seen is less than this share of it, … */
const UNUSUAL = 0.4;
/** … with traffic of at most so many times the most that was seen with it. */
const BUSIER = 1.1;
/** Lengths in warm-ups are not as exact as floating-point numbers. */
const ABOUT = 0.999;

/**
 * A stretch, up to now, in which growth lasted: cut into blocks of equal time or of equal work, the lowest value of each
 * stands above that of the block before, by steps that are all alike; it doesn't slow down, leads higher than the series
 * ever stood, and the traffic doesn't account for it. The longest such, of those that are enough; null when there is none.
 */
export function lastingGrowth(history: ThinnedHistory, growth: Growth): Shape | null {
  const { warmupS, patience, materialBytes, sinceS, usual } = growth;
  const nowS = history.timeS(history.count - 1);
  const points = roomFor(BINS);
  const mostBytes = spreadOf(history);
  for (const spanS of stretches(nowS - warmupS, warmupS, patience, nowS - sinceS)) {
    // Most stretches are out of the question before they are looked at.
    if (!hurts(mostBytes, spanS / warmupS, growth, usual !== null)) continue;
    const fromS = nowS - spanS;
    history.window(fromS, BINS, points);
    const last = points.count - 1;
    if (last < BLOCKS - 1 || nowS - points.timeS[0] < 0.75 * spanS) continue;
    const riseBytes = Math.max(evenRise(points, points.timeS), evenRise(points, points.requests));
    if (!(riseBytes >= materialBytes)) continue;
    const worked = points.requests[last] > points.requests[0];
    const isUnusual = !isUsual(usual?.(fromS, nowS) ?? null, spanS, points);
    if (!hurts(points.bytes[last] - points.bytes[0], spanS / warmupS, growth, isUnusual)) continue;
    const before = stretchBefore(history, warmupS, fromS);
    if (points.bytes[last] <= before.ceilingBytes + HIGHER * riseBytes) continue;
    const beforeS = fromS - warmupS;
    const wasQuiet = points.bytes[0] - before.startBytes < QUIET_PACE * (riseBytes / spanS) * beforeS;
    const afterQuiet = wasQuiet && beforeS > QUIET_SHARE * spanS;
    if (!worked && !isUnusual && afterQuiet && spanS < ABOUT * patience.afterQuiet * warmupS) continue;
    const toothless = worked && !isUnusual ? withoutTeeth(points, riseBytes) : null;
    if (toothless !== null && explainedByTraffic(toothless)) continue;
    // In a short stretch the rate of requests is noise: what it explains shows over the whole life.
    const isShort = spanS < ABOUT * patience.enough * warmupS;
    if (toothless !== null && isShort && followsTraffic(history.window(warmupS, BINS))) continue;
    const shape = new Shape(points);
    if (shape.isSlowerThan(patience.latePace) || shape.line.low <= 0) continue;
    if (toothless === null || !mayBeFilling(new Shape(toothless))) return shape;
  }
  return null;
}

/** Whether such a rise is nothing new, or may owe to traffic that is; so is all of which too little is known. */
function isUsual(seen: SeenRise | null, spanS: number, { count, timeS, bytes, requests }: Points): boolean {
  if (seen === null) return true;
  const riseBytes = riseOfLows(
    (at) => timeS[at],
    (at) => bytes[at],
    0,
    count,
    spanS,
  );
  if (!(seen.riseBytes < UNUSUAL * riseBytes)) return true;
  const [half, last] = [count >> 1, count - 1];
  if (!(requests[last] > requests[0])) return false;
  const perS = (requests[last] - requests[half]) / (timeS[last] - timeS[half]);
  return seen.requestsPerS === null || perS > BUSIER * seen.requestsPerS;
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
function hurts(riseBytes: number, warmups: number, { patience, roomBytes }: Growth, isUnusual: boolean): boolean {
  const lasted = (least: number): boolean => warmups >= ABOUT * least;
  const hurries = !lasted(patience.enough) && !(isUnusual && lasted(patience.unusual));
  if (!Number.isFinite(roomBytes)) return lasted(patience.leastUnlimited) || (isUnusual && !hurries);
  let share = isUnusual ? patience.materialShareUnusual : patience.materialShare;
  if (lasted(patience.afterQuiet)) share = patience.materialShareLater;
  if (hurries) share = patience.eatenShare;
  return riseBytes >= share * (roomBytes + riseBytes);
}

/** Without what is given back later: what is left is what the traffic may have to account for. The points themselves if it is little. */
function withoutTeeth(points: Points, riseBytes: number): Points {
  const { count, bytes } = points;
  const kept = bytes.slice(0, count);
  let deepest = 0;
  for (let at = count - 2; at >= 0; at--) {
    kept[at] = Math.min(bytes[at], kept[at + 1]);
    deepest = Math.max(deepest, bytes[at] - kept[at]);
  }
  return deepest > TOOTH * riseBytes ? { ...points, bytes: kept } : points;
}

/** From the lowest point to the highest. */
function spreadOf(history: ThinnedHistory): number {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < history.count; index++) {
    const bytes = history.bytes(index);
    if (bytes < lowest) lowest = bytes;
    if (bytes > highest) highest = bytes;
  }
  return highest - lowest;
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
  const steps = new Float64Array(BLOCKS - 1);
  for (let block = 1; block < BLOCKS; block++) {
    const step = lows[block] - lows[block - 1];
    // Not all alike, and infinite or no number where a block is empty.
    if (!(step > 0 && step < Number.POSITIVE_INFINITY)) return Number.NEGATIVE_INFINITY;
    steps[block - 1] = step;
  }
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
