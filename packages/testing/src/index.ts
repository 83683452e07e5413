/** `@ebb/testing`: memory tests: does this code leak, and where. */
export { testWorkload, type TestOptions, type TestProgress } from './test-workload.ts';
export { joinReports, type TestReport, type TestsReport } from './report/test-report.ts';
export { TEST_ERRORS, type TestErrorCode, type TestErrorEntry } from './errors/registry.ts';
export { TestError } from './errors/test-error.ts';
export type { TestVerdict } from './verdict/verdict.ts';
