/**
 * How much work stands between two snapshots. As much as fits into a short time, because a leak of a hundred bytes an
 * iteration shows above the noise of a heap only after thousands of them; never so much that the evidence itself becomes
 * heavy (a snapshot costs 40 ms a megabyte and seven times the heap in memory).
 */
import type { Limits } from '../runner/protocol.ts';

/** A stretch of work between two snapshots. */
export interface StepPlan {
  readonly iterations: number;
  /** In how many rounds, each ended by a collection that shows the floor. */
  readonly rounds: number;
  readonly limits: Limits;
}

const TARGET_MS = 2000;
/** Slow work gets longer, until it has so many iterations. */
const FEW_ITERATIONS = 300;
const MAX_MS = 6000;
const MAX_ITERATIONS = 6000;
const ROUNDS = 6;
/** A suspected leak must go on for this many times the work of a step. No whole number, so that periods do not match. */
const LONGER = 2.3;
/** Where work slows down as it leaks, the longer stretch takes no longer than this, but is longer in any case. */
const LONGER_TARGET_MS = 5000;
const LEAST_LONGER = 1.3;
const LIMITS: Limits = { timeMs: 10_000, heapGrowthBytes: 8e6, externalGrowthBytes: 256e6 };

/**
 * A step for work that takes `msPerIteration` and seems to leave `bytesPerIteration` on the heap. Its length is a prime number: work that repeats every 100 or 700
 * iterations then stands elsewhere in its period at each snapshot.
 */
export function planStep(msPerIteration: number, bytesPerIteration = 0): StepPlan {
  const inTime = (ms: number): number => Math.floor(ms / Math.max(msPerIteration, 1e-6));
  const wanted = Math.max(inTime(TARGET_MS), Math.min(FEW_ITERATIONS, inTime(MAX_MS)));
  const inHeap = Math.floor(LIMITS.heapGrowthBytes / Math.max(1, bytesPerIteration));
  return {
    iterations: primeUpTo(Math.max(ROUNDS, Math.min(MAX_ITERATIONS, wanted, inHeap))),
    rounds: ROUNDS,
    limits: LIMITS,
  };
}

/** A longer step, to hold a suspicion against; `iterations` is what a step had in truth, `msPerIteration` what one took. */
export function planLongerStep(iterations: number, msPerIteration: number): StepPlan {
  const limits = { ...LIMITS, timeMs: LIMITS.timeMs * LONGER, heapGrowthBytes: LIMITS.heapGrowthBytes * LONGER };
  const inTime = LONGER_TARGET_MS / Math.max(msPerIteration, 1e-6);
  const wanted = Math.min(iterations * LONGER, Math.max(iterations * LEAST_LONGER, inTime));
  return { iterations: primeUpTo(Math.max(iterations + 1, Math.round(wanted))), rounds: ROUNDS, limits };
}

/** The largest prime that is not above `n`; `n` itself below 2. */
export function primeUpTo(n: number): number {
  for (let candidate = n; candidate >= 2; candidate--) if (isPrime(candidate)) return candidate;
  return n;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n >= 2;
}
