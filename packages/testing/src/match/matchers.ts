import { renderFindings } from '@ebb/heap';
import { measureLeak, type MeasureOptions } from '../measure/measure-leak.ts';
import type { LeakMeasurement } from '../measure/measure-work.ts';

/** What a matcher of jest, vitest and Playwright answers. */
export interface MatcherResult {
  pass: boolean;
  message: () => string;
}

/**
 * `toLeak` for `expect.extend` of jest, vitest and Playwright: `await expect(() => handle(request)).not.toLeak()`. It
 * passes when the function leaks more than its budget.
 *
 * @throws {TestError} as {@link measureLeak}, and what the function throws
 */
export const matchers: {
  toLeak(received: unknown, options?: MeasureOptions): Promise<MatcherResult>;
} = {
  async toLeak(received, options) {
    const measured = await measureLeak(received as (call: number) => unknown, options);
    return { pass: measured.overBudget, message: () => leakMessage(measured) };
  },
};

/** What a person reads when the expectation is not met, in one direction or the other. */
export function leakMessage(measured: LeakMeasurement): string {
  const { overBudget, verdict, budgetBytes, calls, report } = measured;
  const each = `${bytes(measured.bytesPerCall)} a call (${bytes(measured.interval[0])} to ${bytes(measured.interval[1])}, 95 %)`;
  const accepted = budgetBytes > 0 ? `, of ${bytes(budgetBytes)} accepted` : '';
  const head = overBudget
    ? `it leaks ${each}${accepted}; ${calls} calls were made`
    : `it does not leak: ${verdict === 'bounded' ? 'its growth has come to an end' : `${each} stay`}${accepted}; ${calls} calls were made`;
  if (report === null || !overBudget) return head;
  const leaks = report.findings.filter((finding) => finding.verdict === 'leak');
  const told = renderFindings({ ...report, findings: leaks }, { color: false, width: 100, snapshots: false });
  return `${head}\n\n${told}`;
}

function bytes(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1e6) return `${sign}${(size / 1e6).toFixed(1)} MB`;
  if (size >= 1e3) return `${sign}${(size / 1e3).toFixed(1)} KB`;
  return `${sign}${size.toFixed(size < 10 ? 1 : 0)} B`;
}
