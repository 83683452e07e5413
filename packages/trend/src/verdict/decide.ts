import type { Track } from '../history/track.ts';
import { quietBytes } from '../history/track.ts';
import type { Verdict } from '../judgement.ts';
import type { GrowthEvidence } from '../growth/growth-test.ts';
import type { Shape } from './shape.ts';
import { shapeOf } from './shape.ts';

/** How much must be seen before something is said; natural logarithms of the growth test's capital. */
export interface Thresholds {
  /** For `leak`, since the series began: Ville's bound on the chance that it is ever wrong about a series is e^-this. */
  leakAnchored: number;
  /** For `leak`, of the detector that starts again: wrong at most once in e^this blocks. */
  leakDetected: number;
  suspectAnchored: number;
  suspectDetected: number;
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
const SLOWS_MUCH = 0.4;
/** … and over. */
const STANDS = 0.12;
/** With traffic that grew so much in the second half, growth in time proves nothing about growth a request. */
const RAMP = 1.25;

/**
 * Decides about a track: first what it did since the warm-up (or, when the growth test says that growth began later, since
 * then), then whether that is worth evidence, then whether it is proven.
 */
export function decide(track: Track, warmupS: number, thresholds: Thresholds): Decision {
  const { history, growth, newestS } = track;
  const proof = growth.strongest();
  const fromS = Math.max(warmupS, newestS / 10);
  const life = shapeOf(history.window(fromS, BINS));
  const since = proof.detected >= thresholds.suspectAnchored && proof.sinceS > fromS ? shapeOf(history.window(proof.sinceS, BINS)) : life;
  const shape = since.points.count >= 5 ? since : life;
  const level = track.newestBytes;
  const materialBytes = Math.max(thresholds.materialBytes, thresholds.materialShare * level, 2 * shape.line.noise);
  const decision: Decision = { verdict: 'clean', suspicious: false, reason: null, shape, life, proof };
  if (shape.points.count < 4) return { ...decision, verdict: 'warming', reason: 'young' };

  const pace = Math.max(shape.pace, shape.pacePerRequest ?? 0);
  const rises = shape.line.slope > 0 && shape.riseBytes >= materialBytes;
  const grew = level - track.startBytes >= 2 * materialBytes;
  const record = level > proof.peakBeforeBytes + quietBytes(level);
  const suspected = proof.anchored >= thresholds.suspectAnchored || proof.detected >= thresholds.suspectDetected;
  decision.suspicious = rises && record && suspected && pace >= SLOWS_MUCH;

  if (!rises || (shape.line.low <= 0 && !decision.suspicious)) return { ...decision, verdict: grew ? 'bounded' : 'clean' };
  if (pace < SLOWS) return { ...decision, verdict: pace < STANDS ? 'bounded' : 'warming', reason: pace < STANDS ? null : 'slows' };
  const proven = proof.anchored >= thresholds.leakAnchored || proof.detected >= thresholds.leakDetected;
  if (!proven || !record || shape.line.low <= 0) return { ...decision, verdict: 'warming', reason: 'proof' };
  const onlyInTime = shape.pacePerRequest !== null && shape.pacePerRequest < SLOWS;
  if (onlyInTime && shape.rateGrowth !== null && shape.rateGrowth > RAMP) return { ...decision, verdict: 'warming', reason: 'traffic' };
  return { ...decision, verdict: 'leak' };
}
