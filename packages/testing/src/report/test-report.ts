/** The JSON shapes of `ebb.test/1`; other programs rely on them. Fields are added, never renamed. */
import type { Finding } from '@ebb/heap';
import { worst, type TestVerdict } from '../verdict/verdict.ts';

/** What a memory test of one workload found. */
export interface TestReport {
  format: 'ebb.test/1';
  /** The workload, as it was named. */
  file: string;
  verdict: TestVerdict;
  /** What one iteration leaves behind; for a verdict other than `leak`, how much the floor still moved in the last stretch. */
  bytesPerIteration: number;
  /** 95 %. */
  interval: [number, number];
  /** Between the first and the last of the snapshots that the findings compare. */
  iterations: number;
  /** Before the first snapshot. */
  warmUpIterations: number;
  /** How many snapshots were taken; four when a suspicion was held against a longer step. */
  snapshots: number;
  /** The snapshots that the findings compare, oldest first. */
  compared: { iterations: number; heapBytes: number }[];
  /** From start to end, the analysis included. */
  tookMs: number;
  findings: Finding[];
  /** What went wrong without touching the verdict, in sentences. */
  warnings: string[];
}

/** Several tests in one document: the worst verdict on top, with the figures of the test that has it. */
export interface TestsReport {
  format: 'ebb.test/1';
  verdict: TestVerdict;
  bytesPerIteration: number;
  interval: [number, number];
  iterations: number;
  findings: Finding[];
  tests: TestReport[];
  /** Workloads that came to no verdict. */
  failures: { file: string; code: string; message: string }[];
}

/** Joins the reports of several workloads; at least one. */
export function joinReports(
  tests: readonly [TestReport, ...TestReport[]],
  failures: TestsReport['failures'],
): TestsReport {
  const verdict = worst(tests.map((test) => test.verdict));
  const [first, ...others] = tests.filter((test) => test.verdict === verdict) as [TestReport, ...TestReport[]];
  const top = others.reduce((most, test) => (test.bytesPerIteration > most.bytesPerIteration ? test : most), first);
  const { bytesPerIteration, interval, iterations, findings } = top;
  return {
    format: 'ebb.test/1',
    verdict,
    bytesPerIteration,
    interval,
    iterations,
    findings,
    tests: [...tests],
    failures,
  };
}
