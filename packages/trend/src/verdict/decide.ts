import type { Track } from '../history/track.ts';
import { quietBytes } from '../history/track.ts';
import type { Verdict } from '../judgement.ts';
import type { GrowthEvidence } from '../growth/growth-test.ts';
import { Shape } from './shape.ts';
import { mayBeFilling } from './filling.ts';
import { lastingGrowth } from './lasting.ts';
import type { Patience, Usual } from './lasting.ts';

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

/** What a decision about a track rests on, beside the track. */
export interface About {
  warmupS: number;
  thresholds: Thresholds;
  /** What is left to the nearer limit; infinite when none is known. */
  roomBytes: number;
  /** Whether a leak was told, and stands. */
  isTold: boolean;
  /** What such processes usually grow by; null where that isn't known, or is no matter. */
  usual: Usual | null;
}

/** Growth below this is nothing. */
function materialOf({ thresholds }: About, track: Track): number {
  return Math.max(thresholds.materialBytes, thresholds.materialShare * track.newestBytes);
}

/**
 * Growth that is proven and has lasted for long enough, up to now: a leak; null while there is none. It costs little where
 * nothing is proven, and is asked for on a schedule, not when somebody wants to know: see `schedule.ts`.
 */
export function leakIn(track: Track, about: About): Shape | null {
  const { thresholds, warmupS } = about;
  const byRank = track.ranks?.proof ?? Number.NEGATIVE_INFINITY;
  if (byRank < thresholds.leakByRank && !track.growth.reaches(Math.exp(thresholds.leak))) return null;
  return lastingGrowth(track.history, {
    warmupS,
    patience: thresholds.patience,
    roomBytes: about.roomBytes,
    materialBytes: materialOf(about, track),
    sinceS: track.growth.strongest().sinceS,
    usual: about.usual,
  });
}

/**
 * Decides about a track: first what it did since the warm-up (or, when the growth test says that growth began later, since
 * then), then whether that is worth evidence. Whether it leaks was decided before. Guards only ever take a verdict away.
 */
export function decide(track: Track, about: About): Decision {
  const { history, growth, newestS } = track;
  const { warmupS, thresholds } = about;
  const proof = growth.strongest();
  const level = track.newestBytes;
  const early = track.early?.proof(quietBytes(level)) ?? Number.NEGATIVE_INFINITY;
  const suspected = proof.proof >= thresholds.suspect || early >= thresholds.suspectEarly;
  const fromS = Math.max(newestS < 3 * warmupS ? warmupS / 2 : warmupS, newestS / 10);
  const life = new Shape(history.window(fromS, BINS));
  const late = proof.proof >= thresholds.suspect && proof.sinceS > fromS;
  const since = late ? new Shape(history.window(proof.sinceS, BINS)) : life;
  const shape = since.points.count >= 5 ? since : life;
  const decision: Decision = { verdict: 'clean', suspicious: false, reason: null, shape, life, proof };
  if (about.isTold) return { ...decision, shape: leakIn(track, about) ?? shape, verdict: 'leak', suspicious: true };
  if (shape.points.count < 3) return { ...decision, verdict: 'warming', reason: 'young' };

  const materialBytes = Math.max(materialOf(about, track), 2 * shape.line.noise);
  // When the traffic dies down, a leak rests: then the requests are the better axis.
  const rests = shape.rateGrowth !== null && shape.rateGrowth < RESTS ? shape.perRequest : null;
  const line = rests ?? shape.line;
  const riseBytes = rests === null ? shape.riseBytes : line.slope * requestsIn(shape);
  const rises = line.slope > 0 && riseBytes >= materialBytes;
  const record = highestOfLastThird(shape) > proof.peakBeforeBytes + quietBytes(level);
  decision.suspicious = rises && record && suspected && newestS >= warmupS && !shape.isSlowerThan(SLOWS_MUCH);

  const sure = line.low > 0;
  if (!decision.suspicious && shape.points.count < ENOUGH_POINTS)
    return { ...decision, verdict: 'warming', reason: 'young' };
  if (!rises || (!sure && !record)) {
    const grew = lowestOfLastThird(life) - track.startBytes >= 2 * materialBytes;
    return { ...decision, verdict: grew ? 'bounded' : 'clean' };
  }
  if (shape.isSlowerThan(STANDS)) return { ...decision, verdict: 'bounded' };
  if (shape.isSlowerThan(SLOWS)) return { ...decision, verdict: 'warming', reason: 'slows' };
  const byRank = track.ranks?.proof ?? Number.NEGATIVE_INFINITY;
  if (proof.proof < thresholds.leak && byRank < thresholds.leakByRank)
    return { ...decision, verdict: 'warming', reason: 'proof' };
  return { ...decision, verdict: 'warming', reason: mayBeFilling(shape) ? 'traffic' : 'patience' };
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
