import { TestError } from '../errors/test-error.ts';
import { SnapshotFolder } from '../snapshot-folder.ts';
import { WorkRig } from '../trial/work-rig.ts';
import { measureRig, type LeakMeasurement } from './measure-work.ts';
import { memoryBudget } from './memory-budget.ts';
import { ownWork } from './own-work.ts';
import { forRunners, watchCalls } from './watch-calls.ts';

const STALL_LIMIT_MS = 30_000;

/** How a function is measured. */
export interface MeasureOptions {
  /** What one call may leave behind for good: bytes, or `'2 KB'`; default 0. */
  budget?: string | number;
  /** What is tested, in messages; default: the function's name. */
  name?: string;
  /** The repository that findings are told by; default: the working directory. */
  cwd?: string;
  /** Calls the measuring off, between two rounds of calls. */
  signal?: AbortSignal;
  /** How long one call may take; default 30 s. The runner's own limit for a test may be shorter. */
  stallLimitMs?: number;
}

/**
 * Calls a function again and again in this thread, and says what it leaves behind: by floors in a second or two where
 * that is nothing, by heap snapshots where it may be something, which takes some seconds more, for the process of a test
 * runner is large (see `measureWork`).
 *
 * The function has to be one that can be called any number of times. Nothing else may leave objects behind meanwhile: a
 * spy (`vi.fn()`, `jest.fn()`) keeps each of its calls.
 *
 * @throws {TestError} EBB_TEST_BUDGET, EBB_TEST_NO_FUNCTION, EBB_TEST_STALLED, EBB_TEST_NEVER_SETTLES,
 *   EBB_TEST_EXITED, EBB_TEST_NO_SNAPSHOT, EBB_TEST_ANALYSIS_FAILED, EBB_TEST_ABORTED; and what the function throws
 */
export async function measureLeak(
  work: (call: number) => unknown,
  options: MeasureOptions = {},
): Promise<LeakMeasurement> {
  try {
    return await measured(work, options);
  } catch (error) {
    throw error instanceof TestError ? forRunners(error) : error;
  }
}

async function measured(work: (call: number) => unknown, options: MeasureOptions): Promise<LeakMeasurement> {
  if (typeof work !== 'function') {
    const what = `a function is needed that can be called again and again, not ${typeof work}`;
    throw new TestError('EBB_TEST_NO_FUNCTION', what);
  }
  const budgetBytes = memoryBudget(options.budget ?? 0);
  const { name = work.name === '' ? 'the function' : work.name, cwd = process.cwd(), signal } = options;
  const { stallLimitMs = STALL_LIMIT_MS } = options;
  const folder = new SnapshotFolder();
  const givenUp = new AbortController();
  const off = signal === undefined ? givenUp.signal : AbortSignal.any([signal, givenUp.signal]);
  try {
    const rig = new WorkRig(ownWork(work, { name, folder: folder.path }));
    const measure = (): Promise<LeakMeasurement> =>
      measureRig(rig, { name, budgetBytes, cwd, folder: folder.path, signal: off });
    return await watchCalls(measure, { name, stallLimitMs, current: () => rig.current });
  } finally {
    givenUp.abort(); // a call that comes to an end after all is the last one
    folder.remove();
  }
}
