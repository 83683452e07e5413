import { AssertionError } from 'node:assert';
import { measureLeak, type MeasureOptions } from '../measure/measure-leak.ts';
import type { LeakMeasurement } from '../measure/measure-work.ts';
import { leakMessage } from './matchers.ts';

/**
 * For `node:test`, mocha and whatever else takes an error for a failed test: rejects with an `AssertionError` that tells
 * the finding when the function leaks more than its budget, and resolves to what was measured when it does not.
 *
 * @throws {AssertionError}
 * @throws {TestError} as {@link measureLeak}, and what the function throws
 */
export async function assertNoLeak(
  work: (call: number) => unknown,
  options?: MeasureOptions,
): Promise<LeakMeasurement> {
  const measured = await measureLeak(work, options);
  if (!measured.overBudget) return measured;
  throw new AssertionError({
    message: leakMessage(measured),
    actual: measured.bytesPerCall,
    expected: measured.budgetBytes,
    operator: 'assertNoLeak',
    stackStartFn: assertNoLeak,
  });
}
