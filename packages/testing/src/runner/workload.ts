import { setImmediate as turn } from 'node:timers/promises';
import { monotonicMs } from './monotonic.ts';
import type { Phase } from './protocol.ts';

/** A module under test. */
export interface Workload {
  iterate(i: number): unknown;
  setup?(): unknown;
  teardown?(): unknown;
}

/** A service's event loop turns between requests; so does this one, every so many iterations. */
const ITERATIONS_PER_TURN = 50;

/** Where the run is and how far: the one state of the runner. */
export class Progress {
  phase: Phase = 'start';
  /** The iteration that runs, or comes next. */
  iteration = 0;
}

/**
 * Runs iterations until `iterations` are done or the time is over, whichever is first; one runs in any case.
 * Returns how many ran and how long that took.
 */
export async function iterate(
  workload: Workload,
  progress: Progress,
  iterations: number,
  timeMs: number,
): Promise<{ iterations: number; tookMs: number }> {
  const start = monotonicMs();
  progress.phase = 'iterate';
  let done = 0;
  let now = start;
  while (done < iterations && (done === 0 || now - start < timeMs)) {
    await workload.iterate(progress.iteration);
    progress.iteration++;
    done++;
    if (done % ITERATIONS_PER_TURN === 0) await turn();
    now = monotonicMs();
  }
  progress.phase = 'settle';
  return { iterations: done, tookMs: now - start };
}
