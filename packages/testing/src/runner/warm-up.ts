/**
 * Warm-up: modules load, caches fill, code is compiled and optimised; none of it says anything about a leak. It goes on
 * in chunks that double, with the floor after each, until the growth of one iteration is the same in two chunks in a
 * row (a leak grows too, but evenly) or the budget is used up.
 */
import type { Floor } from './protocol.ts';

/** How long to warm up. */
export interface WarmUpBudget {
  /** At least so many iterations, or so long. */
  readonly minIterations: number;
  readonly minMs: number;
  /** At most so many iterations, or so long. */
  readonly maxIterations: number;
  readonly maxMs: number;
  readonly firstChunk: number;
  /** One chunk takes no longer, so that slow work is looked at too. */
  readonly chunkMs: number;
  /** More growth than this is no warm-up: time to take evidence while it is small. */
  readonly maxHeapGrowthBytes: number;
  readonly maxExternalGrowthBytes: number;
}

/** The budget of a workload that has a process of its own. */
export const WARM_UP: WarmUpBudget = {
  minIterations: 1600,
  minMs: 1500,
  maxIterations: 6400,
  maxMs: 3000,
  firstChunk: 100,
  chunkMs: 1000,
  maxHeapGrowthBytes: 8e6,
  maxExternalGrowthBytes: 128e6,
};

/** A floor moves by so much without any reason. */
const NOISE_BYTES = 24e3;
const SAME_SHARE = 0.3;

/** Whether to warm up further, given the floors so far (the first one is from before the first iteration). */
export function isWarm(floors: readonly Floor[], elapsedMs: number, budget: WarmUpBudget = WARM_UP): boolean {
  const [first, last] = [floors[0], floors.at(-1)];
  if (first === undefined || last === undefined) return false;
  const done = last.iterations - first.iterations;
  if (done < budget.minIterations && elapsedMs < budget.minMs) return exceeds(first, last, budget);
  if (done >= budget.maxIterations || elapsedMs >= budget.maxMs || exceeds(first, last, budget)) return true;
  const [a, b, c] = floors.slice(-3);
  return a !== undefined && b !== undefined && c !== undefined && isEven(a, b, c);
}

/** How many iterations the next chunk has: as many as have run, so that the work doubles, unless that would grow too much. */
export function nextChunk(floors: readonly Floor[], budget: WarmUpBudget = WARM_UP): number {
  const done = floors.at(-1)?.iterations ?? 0;
  const left = Math.max(1, budget.maxIterations - done);
  const inBytes = Math.max(1, Math.ceil(budget.maxHeapGrowthBytes / Math.max(1, heapGrowth(floors))));
  return Math.min(Math.max(budget.firstChunk, done), left, Math.max(inBytes, done === 0 ? budget.firstChunk : 1));
}

/** Bytes of heap that an iteration of the last chunk left behind; 0 before the first. */
export function heapGrowth(floors: readonly Floor[]): number {
  const [before, last] = floors.slice(-2);
  if (before === undefined || last === undefined) return 0;
  return (last.heapBytes - before.heapBytes) / Math.max(1, last.iterations - before.iterations);
}

function isEven(a: Floor, b: Floor, c: Floor): boolean {
  const before = (bytes(b) - bytes(a)) / (b.iterations - a.iterations);
  const after = (bytes(c) - bytes(b)) / (c.iterations - b.iterations);
  const noise = NOISE_BYTES / Math.min(b.iterations - a.iterations, c.iterations - b.iterations);
  return Math.abs(after - before) <= Math.max(noise, SAME_SHARE * Math.max(Math.abs(before), Math.abs(after)));
}

function exceeds(first: Floor, last: Floor, budget: WarmUpBudget): boolean {
  return (
    last.heapBytes - first.heapBytes > budget.maxHeapGrowthBytes ||
    last.externalBytes - first.externalBytes > budget.maxExternalGrowthBytes
  );
}

const bytes = (floor: Floor): number => floor.heapBytes + floor.externalBytes;
