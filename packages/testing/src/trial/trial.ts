import type { FindingsReport } from '@ebb/heap';
import { leakSize } from '../growth/leak-size.ts';
import { slopeOf, type Slope } from '../growth/slope.ts';
import { planLongerStep, planStep } from '../plan/plan.ts';
import type { TestReport } from '../report/test-report.ts';
import type { Stretch, Warmth } from '../runner/stretch.ts';
import type { Rig, TrialOptions } from './rig.ts';
import { Series } from './series.ts';
import { needsLongerStep, verdictOf, type TestVerdict } from '../verdict/verdict.ts';

/** What a trial came to: the part of a report that says nothing about where it ran. */
export type Trial = Pick<
  TestReport,
  | 'verdict'
  | 'bytesPerIteration'
  | 'interval'
  | 'iterations'
  | 'warmUpIterations'
  | 'snapshots'
  | 'compared'
  | 'findings'
> & { readonly report: FindingsReport };

const NO_SLOPE: Slope = { bytesPerIteration: 0, interval: [0, 0] };

/**
 * Warm-up, then the same amount of work twice, between three heap snapshots; growth that goes on in both is held against
 * a longer, third stretch before it is called a leak.
 *
 * @throws {TestError} EBB_TEST_ANALYSIS_FAILED, EBB_TEST_ABORTED, and what the rig throws
 */
export async function runTrial(rig: Rig, options: TrialOptions): Promise<Trial> {
  options.onProgress?.({ phase: 'warm-up' });
  const warm = await rig.warmUp();
  const series = new Series(rig, options);
  const pace = await workTwice(series, warm);
  const { verdict, report } = await lookAt(series, pace);
  const { steps, compared } = series;
  // What came to rest is told by the last stretch; a leak by all of them.
  const drift = slopeOf(verdict === 'leak' ? steps : steps.slice(-1)) ?? NO_SLOPE;
  const size = verdict === 'leak' ? leakSize(drift, report, series.work) : drift;
  return {
    verdict,
    bytesPerIteration: rounded(size.bytesPerIteration),
    interval: [rounded(size.interval[0]), rounded(size.interval[1])],
    iterations: series.work,
    warmUpIterations: warm.iterations,
    snapshots: series.taken,
    compared: report.snapshots.map(({ heapBytes }, k) => ({ iterations: compared[k]?.iterations ?? 0, heapBytes })),
    findings: report.findings,
    report,
  };
}

/** What the same work twice was, in truth. */
interface Pace {
  readonly iterations: number;
  readonly msPerIteration: number;
}

/** Work, with a snapshot before it, and as much again. */
async function workTwice(series: Series, warm: Warmth): Promise<Pace> {
  await series.take();
  series.tell('measure', 0);
  const plan = planStep(warm.msPerIteration, warm.bytesPerIteration);
  const iterations = iterationsOf(await series.step(plan));
  await series.take();
  series.tell('measure', 0.5);
  const { msPerIteration } = await series.step({ ...plan, iterations });
  return { iterations, msPerIteration };
}

/** The third snapshot, and what the last three come to; longer work first, where they are not enough. */
async function lookAt(
  series: Series,
  { iterations, msPerIteration }: Pace,
): Promise<{ verdict: TestVerdict; report: FindingsReport }> {
  await series.take();
  const report = await series.analyse();
  if (!needsLongerStep(report, slopeOf(series.steps), series.work))
    return { verdict: verdictOf(report, false), report };
  series.tell('measure longer');
  await series.step(planLongerStep(iterations, msPerIteration));
  await series.take();
  const last = await series.analyse();
  return { verdict: verdictOf(last, report.verdict === 'leak'), report: last };
}

function iterationsOf({ floors }: Stretch): number {
  return (floors.at(-1)?.iterations ?? 0) - (floors[0]?.iterations ?? 0);
}

const rounded = (bytes: number): number => Math.round(bytes * 10) / 10;
