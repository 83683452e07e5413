import type { Track } from '../history/track.ts';
import { quietBytes } from '../history/track.ts';
import type { Verdict } from '../judgement.ts';
import type { GrowthEvidence } from '../growth/growth-test.ts';
import type { Shape } from './shape.ts';
import { shapeOf } from './shape.ts';

/** How much must be seen before something is said; natural logarithms of the growth test's capital. */
export interface Thresholds {
  /** For `leak`: the chance that it is ever said of a series that doesn't grow is e^-this. */
  leak: number;
  /** For `suspicious`, at first; the older the series, the more is asked. */
  suspect: number;
  /** Growth below both is nothing. */
  materialBytes: number;
  materialShare: number;
}

/** What is decided about one track. */
export interface Decision {
  verdict: Exclude<Verdict, 'native'>;
  suspicious: boolean;
  /** Why it is only `warming`, when it is. */
  reason: 'young' | 'slows' | 'traffic' | 'proof' | null;
  shape: Shape;
  /** The whole series after its warm-up. */
  life: Shape;
  proof: GrowthEvidence;
}

const BINS = 24;
/** A second half slower than this share of the first is growth that decelerates: too slow for a leak … */
const SLOWS = 0.75;
/** … too slow to be worth evidence … */
const SLOWS_MUCH = 0.65;
/** … and over. */
const STANDS = 0.12;
/** With traffic that grew so much in the second half, growth must be in step with the requests … */
const RAMP = 1.2;
/** … to this share. */
const IN_STEP = 0.9;
/** With traffic that fell to this share, growth is looked for against the requests instead of against time. */
const RESTS = 0.67;
/**
 * Growth counts as proven only when it has lasted so many warm-ups: caches and batches of a program that takes a while to
 * start take a while as well, and a cache that fills evenly looks like a leak until it is full.
 */
const SETTLING = 6;
/** With more blocks than these the detector has had more than one chance. */
const YOUNG_BLOCKS = 24;
/** So many points make a line worth a word. */
const ENOUGH_POINTS = 6;

/**
 * Decides about a track: first what it did since the warm-up (or, when the growth test says that growth began later, since
 * then), then whether that is worth evidence, then whether it is proven.
 */
export function decide(track: Track, warmupS: number, thresholds: Thresholds): Decision {
  const { history, growth, newestS } = track;
  const proof = growth.strongest();
  const suspect = thresholds.suspect + Math.log(Math.max(1, proof.hintBlocks / YOUNG_BLOCKS));
  const fromS = Math.max(warmupS, newestS / 10);
  const life = shapeOf(history.window(fromS, BINS));
  const late = proof.hint >= suspect && proof.sinceS > fromS;
  const since = late ? shapeOf(history.window(proof.sinceS, BINS)) : life;
  const shape = since.points.count >= 5 ? since : life;
  const decision: Decision = { verdict: 'clean', suspicious: false, reason: null, shape, life, proof };
  if (shape.points.count < 4) return { ...decision, verdict: 'warming', reason: 'young' };

  const level = track.newestBytes;
  const materialBytes = Math.max(thresholds.materialBytes, thresholds.materialShare * level, 2 * shape.line.noise);
  const pace = Math.max(shape.pace, shape.pacePerRequest ?? 0);
  // When the traffic dies down, a leak rests: then the requests are the better axis.
  const rests = shape.perRequest !== null && shape.rateGrowth !== null && shape.rateGrowth < RESTS;
  const line = rests && shape.perRequest ? shape.perRequest : shape.line;
  const riseBytes = rests ? line.slope * requestsIn(shape) : shape.riseBytes;
  const rises = line.slope > 0 && riseBytes >= materialBytes;
  const record = highestOfLastThird(shape) > proof.peakBeforeBytes + quietBytes(level);
  decision.suspicious = rises && record && proof.hint >= suspect && pace >= SLOWS_MUCH;

  const sure = line.low > 0;
  if (!decision.suspicious && shape.points.count < ENOUGH_POINTS)
    return { ...decision, verdict: 'warming', reason: 'young' };
  if (!rises || (!sure && !record)) {
    const grew = lowestOfLastThird(life) - track.startBytes >= 2 * materialBytes;
    return { ...decision, verdict: grew ? 'bounded' : 'clean' };
  }
  if (pace < SLOWS)
    return { ...decision, verdict: pace < STANDS ? 'bounded' : 'warming', reason: pace < STANDS ? null : 'slows' };
  const settled = shape.spanS >= SETTLING * warmupS;
  if (!sure || !record || !settled || proof.proof < thresholds.leak)
    return { ...decision, verdict: 'warming', reason: 'proof' };
  const ramps = shape.rateGrowth !== null && shape.rateGrowth > RAMP;
  if (ramps && shape.pacePerRequest !== null && shape.pacePerRequest < IN_STEP)
    return { ...decision, verdict: 'warming', reason: 'traffic' };
  return { ...decision, verdict: 'leak' };
}

function lowestOfLastThird(shape: Shape): number {
  return Math.min(...lastThird(shape));
}

function highestOfLastThird(shape: Shape): number {
  return Math.max(...lastThird(shape));
}

function lastThird({ points }: Shape): Float64Array {
  return points.bytes.subarray(Math.floor((points.count * 2) / 3), points.count);
}

function requestsIn({ points }: Shape): number {
  return points.requests[points.count - 1] - points.requests[0];
}
