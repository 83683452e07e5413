import type { FindingsReport } from '@ebb/heap';
import type { Slope } from '../growth/slope.ts';

/** What a memory test comes to. */
export type TestVerdict = 'leak' | 'bounded' | 'clean';

/** Growth of the floor below this, over all that was measured, needs no second look. */
const UNREMARKABLE_BYTES = 100e3;

/**
 * Whether one more, longer step is needed before anything is said: a cache that fills late and tables that are loaded
 * lazily grow like a leak, until they stop. So growth in the snapshots is only a suspicion; and so is a floor that
 * surely rises while the snapshots explain nothing.
 */
export function needsLongerStep(report: FindingsReport, slope: Slope | null, iterations: number): boolean {
  if (report.verdict === 'leak' || report.verdict === 'suspect') return true;
  return report.verdict === 'clean' && slope !== null && slope.interval[0] * iterations > UNREMARKABLE_BYTES;
}

/** The verdict from the last look; `suspected`: whether an earlier look saw a leak that this one does not. */
export function verdictOf(report: FindingsReport, suspected: boolean): TestVerdict {
  if (report.verdict === 'leak' || report.verdict === 'bounded') return report.verdict;
  return suspected ? 'bounded' : 'clean';
}

/** The worst of several. */
export function worst(verdicts: readonly TestVerdict[]): TestVerdict {
  return (['leak', 'bounded'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'clean';
}
