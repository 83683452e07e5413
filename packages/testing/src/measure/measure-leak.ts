import { TestError } from '../errors/test-error.ts';
import { SnapshotFolder } from '../snapshot-folder.ts';
import { measureWork, type LeakMeasurement } from './measure-work.ts';
import { memoryBudget } from './memory-budget.ts';
import { ownWork } from './own-work.ts';

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
}

/**
 * Calls a function again and again in this thread, and says what it leaves behind: by floors in a second or two where
 * that is nothing, by heap snapshots where it may be something, which takes some seconds more, for the process of a test
 * runner is large (see `measureWork`).
 *
 * The function has to be one that can be called any number of times. Nothing else may leave objects behind meanwhile: a
 * spy (`vi.fn()`, `jest.fn()`) keeps each of its calls.
 *
 * @throws {TestError} EBB_TEST_BUDGET, EBB_TEST_NO_FUNCTION, EBB_TEST_NO_SNAPSHOT, EBB_TEST_ANALYSIS_FAILED,
 *   EBB_TEST_ABORTED; and what the function throws
 */
export async function measureLeak(
  work: (call: number) => unknown,
  options: MeasureOptions = {},
): Promise<LeakMeasurement> {
  if (typeof work !== 'function') {
    const what = `a function is needed that can be called again and again, not ${typeof work}`;
    throw new TestError('EBB_TEST_NO_FUNCTION', what);
  }
  const budgetBytes = memoryBudget(options.budget ?? 0);
  const { name = work.name === '' ? 'the function' : work.name, cwd = process.cwd(), signal } = options;
  const folder = new SnapshotFolder();
  try {
    const measured = ownWork(work, { name, folder: folder.path });
    return await measureWork({ work: measured, name, budgetBytes, cwd, folder: folder.path, signal });
  } finally {
    folder.remove();
  }
}
