/** Warm-up and measured work: a workload runs, and after each round the floor is read. */
import { primeUpTo, type StepPlan } from '../plan/plan.ts';
import type { Floor } from './protocol.ts';
import { settle, takeTurns } from './settle.ts';
import { monotonicMs } from './monotonic.ts';
import { heapGrowth, isWarm, nextChunk, WARM_UP, type WarmUpBudget } from './warm-up.ts';
import { iterate, type Progress, type Workload } from './workload.ts';

/** What a warm-up found. */
export interface Warmth {
  /** How many have run since the beginning. */
  readonly iterations: number;
  readonly msPerIteration: number;
  /** Of heap, that one iteration of the last chunk left behind. */
  readonly bytesPerIteration: number;
}

/** What a stretch of work was, in truth. */
export interface Stretch {
  /** At its beginning, and after each round. */
  readonly floors: Floor[];
  readonly msPerIteration: number;
}

/** Who hears of the work, and who may end it. */
export interface StretchOptions {
  /** Called before each round: a call may never let the event loop turn again. */
  beforeWork?: () => void;
  /** What is left where the work is done; default: in this thread. */
  readFloor?: (iterations: number) => Promise<Floor>;
  /** Whether the floors so far say enough. */
  enough?: (floors: readonly Floor[]) => boolean;
}

/** Runs chunks of work until their growth is even or the budget is used up. Throws what the workload throws. */
export async function warmUp(
  workload: Workload,
  progress: Progress,
  { beforeWork, readFloor = own, budget = WARM_UP }: StretchOptions & { budget?: WarmUpBudget } = {},
): Promise<Warmth> {
  const startMs = monotonicMs();
  progress.phase = 'settle';
  const floors: Floor[] = [await readFloor(progress.iteration)];
  let msPerIteration = 0;
  while (!isWarm(floors, monotonicMs() - startMs, budget)) {
    beforeWork?.();
    const ran = await iterate(workload, progress, nextChunk(floors, budget), budget.chunkMs);
    msPerIteration = ran.tookMs / ran.iterations;
    floors.push(await readFloor(progress.iteration));
  }
  return { iterations: progress.iteration, msPerIteration, bytesPerIteration: heapGrowth(floors) };
}

/** Works as planned, or until a limit is met or somebody has seen enough. Throws what the workload throws. */
export async function stretch(
  workload: Workload,
  progress: Progress,
  { iterations, rounds, limits }: StepPlan,
  { beforeWork, enough, readFloor = own }: StretchOptions = {},
): Promise<Stretch> {
  const startMs = monotonicMs();
  const startIteration = progress.iteration;
  progress.phase = 'settle';
  await takeTurns();
  const first = await readFloor(progress.iteration);
  const floors = [first];
  let workMs = 0;
  for (let round = 1; round <= rounds; round++) {
    // Prime after each round too: a limit may make it the last one.
    const target = startIteration + primeUpTo(Math.round((iterations * round) / rounds));
    if (target <= progress.iteration) continue;
    beforeWork?.();
    const leftMs = limits.timeMs - (monotonicMs() - startMs);
    const ran = await iterate(workload, progress, target - progress.iteration, leftMs);
    workMs += ran.tookMs;
    const last = await readFloor(progress.iteration);
    floors.push(last);
    const overTime = monotonicMs() - startMs >= limits.timeMs;
    const overHeap = last.heapBytes - first.heapBytes > limits.heapGrowthBytes;
    if (overTime || overHeap || last.externalBytes - first.externalBytes > limits.externalGrowthBytes) break;
    if (enough?.(floors) === true) break;
  }
  return { floors, msPerIteration: workMs / (progress.iteration - startIteration) };
}

/** Between two rounds the floor's noise is averaged anyway: one collection and its turns do. */
function own(iterations: number): Promise<Floor> {
  return settle(iterations, 1);
}
