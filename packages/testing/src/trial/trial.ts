import { join } from 'node:path';
import { analyzeSnapshots, type FindingsReport } from '@ebb/heap';
import { TestError } from '../errors/test-error.ts';
import { leakSize } from '../growth/leak-size.ts';
import { slopeOf, type Slope } from '../growth/slope.ts';
import { planLongerStep, planStep, type StepPlan } from '../plan/plan.ts';
import type { TestReport } from '../report/test-report.ts';
import type { Floor } from '../runner/protocol.ts';
import type { Stretch, Warmth } from '../runner/stretch.ts';
import { needsLongerStep, verdictOf } from '../verdict/verdict.ts';

/** How far a test is. */
export interface TestProgress {
  phase: 'start' | 'warm-up' | 'measure' | 'snapshot' | 'analyse' | 'measure longer' | 'end';
  /** Of the phase, where it is known. */
  fraction?: number;
}

/** Where the work under test runs: in a process of its own, or in this thread. */
export interface Rig {
  warmUp(): Promise<Warmth>;
  step(plan: StepPlan): Promise<Stretch>;
  /** Writes a heap snapshot; says how many iterations had run before it. */
  snapshot(file: string): Promise<{ iterations: number }>;
  /** A folder of source maps that are on no disk; undefined where there is none. */
  sourceMaps?(): string | undefined;
}

/** What a trial needs to know beside its rig. */
export interface TrialOptions {
  /** What is tested, for messages. */
  name: string;
  /** The repository that findings are told by. */
  cwd: string;
  /** Where snapshots are written. */
  folder: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TestProgress) => void) | undefined;
}

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

interface Snapshot {
  readonly file: string;
  readonly iterations: number;
}

const NO_SLOPE: Slope = { bytesPerIteration: 0, interval: [0, 0] };

/**
 * Warm-up, then the same amount of work twice, between three heap snapshots; growth that goes on in both is held against
 * a longer, third stretch before it is called a leak.
 *
 * @throws {TestError} EBB_TEST_ANALYSIS_FAILED, EBB_TEST_ABORTED, and what the rig throws
 */
export async function runTrial(rig: Rig, options: TrialOptions): Promise<Trial> {
  const snapshots: Snapshot[] = [];
  const steps: Floor[][] = [];
  const tell = (phase: TestProgress['phase'], fraction?: number): void =>
    options.onProgress?.(fraction === undefined ? { phase } : { phase, fraction });
  const take = async (): Promise<void> => {
    tell('snapshot');
    const file = join(options.folder, `${String(snapshots.length + 1)}.heapsnapshot`);
    snapshots.push({ file, ...(await rig.snapshot(file)) });
  };
  const step = async (plan: StepPlan): Promise<Stretch> => {
    const done = await rig.step(plan);
    steps.push(done.floors);
    return done;
  };
  tell('warm-up');
  const warm = await rig.warmUp();
  await take();
  tell('measure', 0);
  const plan = planStep(warm.msPerIteration, warm.bytesPerIteration);
  const iterations = iterationsOf(await step(plan));
  await take();
  tell('measure', 0.5);
  const { msPerIteration } = await step({ ...plan, iterations });
  await take();
  let compared = snapshots.slice(-3);
  let report = await analyse(compared, rig, options, tell);
  let suspected = false;
  if (needsLongerStep(report, slopeOf(steps), workOf(compared))) {
    suspected = report.verdict === 'leak';
    tell('measure longer');
    await step(planLongerStep(iterations, msPerIteration));
    await take();
    compared = snapshots.slice(-3);
    report = await analyse(compared, rig, options, tell);
  }
  const verdict = verdictOf(report, suspected);
  // What came to rest is told by the last stretch; a leak by all of them.
  const drift = slopeOf(verdict === 'leak' ? steps : steps.slice(-1)) ?? NO_SLOPE;
  const size = verdict === 'leak' ? leakSize(drift, report, workOf(compared)) : drift;
  return {
    verdict,
    bytesPerIteration: rounded(size.bytesPerIteration),
    interval: [rounded(size.interval[0]), rounded(size.interval[1])],
    iterations: workOf(compared),
    warmUpIterations: warm.iterations,
    snapshots: snapshots.length,
    compared: report.snapshots.map(({ heapBytes }, k) => ({ iterations: compared[k]?.iterations ?? 0, heapBytes })),
    findings: report.findings,
    report,
  };
}

async function analyse(
  snapshots: readonly Snapshot[],
  rig: Rig,
  { name, cwd, signal }: TrialOptions,
  tell: (phase: 'analyse', fraction: number) => void,
): Promise<FindingsReport> {
  tell('analyse', 0);
  const sourceMaps = rig.sourceMaps?.();
  try {
    return await analyzeSnapshots(
      snapshots.map(({ file }) => file),
      {
        cwd,
        work: snapshots.map(({ iterations }) => iterations),
        onProgress: ({ fraction }) => {
          tell('analyse', fraction);
        },
        ...(signal === undefined ? {} : { signal }),
        ...(sourceMaps === undefined ? {} : { sourceMaps }),
      },
    );
  } catch (cause) {
    if (signal?.aborted === true)
      throw new TestError('EBB_TEST_ABORTED', `the test of '${name}' was called off`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TestError('EBB_TEST_ANALYSIS_FAILED', `the snapshots of '${name}' could not be analysed: ${why}`, {
      cause,
    });
  }
}

function workOf(snapshots: readonly Snapshot[]): number {
  return (snapshots.at(-1)?.iterations ?? 0) - (snapshots[0]?.iterations ?? 0);
}

function iterationsOf({ floors }: Stretch): number {
  return (floors.at(-1)?.iterations ?? 0) - (floors[0]?.iterations ?? 0);
}

const rounded = (bytes: number): number => Math.round(bytes * 10) / 10;
