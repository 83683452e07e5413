/** `@ebb/testing`: memory tests: does this code leak, and where. */
export { testWorkload, type TestOptions } from './test-workload.ts';
export type { TestProgress } from './trial/rig.ts';
export { joinReports, type TestReport, type TestsReport } from './report/test-report.ts';
export { TEST_ERRORS, type TestErrorCode, type TestErrorEntry } from './errors/registry.ts';
export { TestError } from './errors/test-error.ts';
export type { TestVerdict } from './verdict/verdict.ts';
export { measureLeak, type MeasureOptions } from './measure/measure-leak.ts';
export { measureWork, type LeakMeasurement, type WorkToMeasure } from './measure/measure-work.ts';
export type { Work } from './trial/work-rig.ts';
export { leakMessage } from './match/matchers.ts';
export { memoryBudget } from './measure/memory-budget.ts';
export { assertNoLeak } from './match/assert.ts';
export { matchers, type MatcherResult } from './match/matchers.ts';
export { failOnLeftovers, type HooksInOrder, type NestedHooks } from './leftovers/each-file.ts';
export { Stocktaking } from './leftovers/stocktaking.ts';
export type { Leftover } from './leftovers/leftover.ts';
