import type { Track } from '../history/track.ts';
import { quietBytes } from '../history/track.ts';
import type { Verdict } from '../judgement.ts';
import type { GrowthEvidence } from '../growth/growth-test.ts';
import type { Shape } from './shape.ts';
import { shapeOf } from './shape.ts';
import { lastingGrowth, outpaced } from './lasting.ts';
import type { Patience } from './lasting.ts';

/** How much must be seen before something is said; natural logarithms of what bets have made of one. */
export interface Thresholds {
  /** For `leak`: the chance that it is ever said of a series that doesn't grow is at most e^-this. */
  leak: number;
  /** The same, by the rank test. */
  leakByRank: number;
  /** For `suspicious`, by the growth test. */
  suspect: number;
  /** For `suspicious`, by the early test. */
  suspectEarly: number;
  /** Growth below both is nothing. */
  materialBytes: number;
  materialShare: number;
  patience: Patience;
}

/** What is decided about one track. */
export interface Decision {
  verdict: Exclude<Verdict, 'native'>;
  suspicious: boolean;
  /** Why it is only `warming`, when it is. */
  reason: 'young' | 'slows' | 'traffic' | 'proof' | 'patience' | null;
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
/** With traffic that fell to this share, growth is looked for against the requests instead of against time. */
const RESTS = 0.67;
/** So many points make a line worth a word. */
const ENOUGH_POINTS = 6;

/**
 * Decides about a track: first what it did since the warm-up (or, when the growth test says that growth began later, since
 * then), then whether that is worth evidence, then whether it is proven. Guards only ever take a verdict away.
 */
export function decide(track: Track, warmupS: number, thresholds: Thresholds, roomBytes: number): Decision {
  const { history, growth, newestS } = track;
  const proof = growth.strongest();
  const level = track.newestBytes;
  const early = track.early?.proof(quietBytes(level)) ?? Number.NEGATIVE_INFINITY;
  const suspected = proof.proof >= thresholds.suspect || early >= thresholds.suspectEarly;
  const fromS = Math.max(newestS < 3 * warmupS ? warmupS / 2 : warmupS, newestS / 10);
  const life = shapeOf(history.window(fromS, BINS));
  const late = proof.proof >= thresholds.suspect && proof.sinceS > fromS;
  const since = late ? shapeOf(history.window(proof.sinceS, BINS)) : life;
  const shape = since.points.count >= 5 ? since : life;
  const decision: Decision = { verdict: 'clean', suspicious: false, reason: null, shape, life, proof };
  if (shape.points.count < 3) return { ...decision, verdict: 'warming', reason: 'young' };

  const materialBytes = Math.max(thresholds.materialBytes, thresholds.materialShare * level, 2 * shape.line.noise);
  const pace = Math.max(shape.pace, shape.pacePerRequest ?? 0);
  // When the traffic dies down, a leak rests: then the requests are the better axis.
  const rests = shape.perRequest !== null && shape.rateGrowth !== null && shape.rateGrowth < RESTS;
  const line = rests && shape.perRequest ? shape.perRequest : shape.line;
  const riseBytes = rests ? line.slope * requestsIn(shape) : shape.riseBytes;
  const rises = line.slope > 0 && riseBytes >= materialBytes;
  const record = highestOfLastThird(shape) > proof.peakBeforeBytes + quietBytes(level);
  decision.suspicious = rises && record && suspected && pace >= SLOWS_MUCH && newestS >= warmupS;

  const sure = line.low > 0;
  if (!decision.suspicious && shape.points.count < ENOUGH_POINTS)
    return { ...decision, verdict: 'warming', reason: 'young' };
  const byRank = track.ranks?.proof ?? Number.NEGATIVE_INFINITY;
  const proven = proof.proof >= thresholds.leak || byRank >= thresholds.leakByRank;
  const lasting = proven
    ? lastingGrowth(history, warmupS, thresholds.patience, roomBytes, materialBytes, proof.sinceS)
    : null;
  if (lasting === null && (!rises || (!sure && !record))) {
    const grew = lowestOfLastThird(life) - track.startBytes >= 2 * materialBytes;
    return { ...decision, verdict: grew ? 'bounded' : 'clean' };
  }
  if (lasting === null && pace < SLOWS)
    return { ...decision, verdict: pace < STANDS ? 'bounded' : 'warming', reason: pace < STANDS ? null : 'slows' };
  if (!proven) return { ...decision, verdict: 'warming', reason: 'proof' };
  if (lasting === null) {
    return { ...decision, verdict: 'warming', reason: outpaced(shape) ? 'traffic' : 'patience' };
  }
  return { ...decision, shape: lasting, verdict: 'leak', suspicious: true };
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
