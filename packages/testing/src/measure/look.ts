/** The first, cheap look: do the floors alone say that nothing stays? */
import { slopeOf, type Slope } from '../growth/slope.ts';
import { primeUpTo, type StepPlan } from '../plan/plan.ts';
import type { Floor } from '../runner/protocol.ts';

/**
 * Less than anything that could be kept: the smallest thing that stays is a slot in an array, 8 bytes (4 where pointers
 * are compressed). Growth that is surely below it is none.
 */
const SMALLEST_KEPT_BYTES = 4;
/** Fewer rounds say nothing of their own spread. */
const LEAST_ROUNDS = 5;
const ROUNDS = 11;
const LOOK_MS = 900;
const MOST_CALLS = 100_000;
/** Evidence of growth is to be small: a snapshot takes 40 ms a megabyte. */
const MOST_GROWTH_BYTES = 8e6;

/** What a look says. */
export type Sight = 'clean' | 'grows' | 'unclear';

/** A look's work: as many calls as fit into a second, in a prime number of rounds. */
export function planLook(msPerCall: number): StepPlan {
  const calls = Math.min(MOST_CALLS, Math.max(ROUNDS, Math.floor(LOOK_MS / Math.max(msPerCall, 1e-6))));
  return {
    iterations: primeUpTo(calls),
    rounds: ROUNDS,
    limits: { timeMs: 3 * LOOK_MS, heapGrowthBytes: MOST_GROWTH_BYTES, externalGrowthBytes: 256e6 },
  };
}

/**
 * `clean` when the upper end of the interval (95 %) is below what is accepted, or below anything that could be kept;
 * `grows` when its lower end is above that.
 * Growth in one round only, as of a cache that is filled or code that is compiled, makes the interval wide, and is unclear.
 */
export function sightOf(floors: readonly Floor[], acceptedBytes: number): { sight: Sight; slope: Slope | null } {
  const slope = slopeOf([floors]);
  if (slope === null || floors.length <= LEAST_ROUNDS) return { sight: 'unclear', slope };
  const bound = Math.max(SMALLEST_KEPT_BYTES, acceptedBytes);
  const [low, high] = slope.interval;
  return { sight: high <= bound ? 'clean' : low > bound ? 'grows' : 'unclear', slope };
}
