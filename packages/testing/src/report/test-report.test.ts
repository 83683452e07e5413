import { expect, test } from 'vitest';
import { joinReports, type TestReport } from './test-report.ts';

const report = (file: string, verdict: TestReport['verdict'], bytesPerIteration: number): TestReport => ({
  format: 'ebb.test/1',
  file,
  verdict,
  bytesPerIteration,
  interval: [bytesPerIteration - 1, bytesPerIteration + 1],
  iterations: 1000,
  warmUpIterations: 400,
  snapshots: 3,
  compared: [],
  tookMs: 5000,
  findings: [],
  warnings: [],
});

test('the worst verdict stands on top, with the figures of the test that leaks most', () => {
  const tests = [report('a', 'clean', 9000), report('b', 'leak', 200), report('c', 'leak', 300)] as const;
  const joined = joinReports(tests, [{ file: 'd', code: 'EBB_TEST_EXITED', message: 'it ended' }]);
  expect(joined).toMatchObject({ format: 'ebb.test/1', verdict: 'leak', bytesPerIteration: 300, interval: [299, 301] });
  expect(joined.tests.map((test) => test.file)).toEqual(['a', 'b', 'c']);
  expect(joined.failures).toHaveLength(1);
});
