import type { Finding, FindingsReport } from '@ebb/heap';
import { TestError } from '../errors/test-error.ts';
import type { Slope } from '../growth/slope.ts';
import { monotonicMs } from '../runner/monotonic.ts';
import { runTrial } from '../trial/trial.ts';
import { WorkRig, type Work } from '../trial/work-rig.ts';
import type { TestVerdict } from '../verdict/verdict.ts';
import { planLook, sightOf } from './look.ts';

/** What doing the same again and again leaves behind. */
export interface LeakMeasurement {
  /** `leak`: growth that goes on in step with the calls, whatever the budget. */
  verdict: TestVerdict;
  /** What one call leaves behind, with its interval of 95 %. */
  bytesPerCall: number;
  interval: [number, number];
  /** What was accepted. */
  budgetBytes: number;
  /** Whether it is a leak beyond what was accepted. */
  overBudget: boolean;
  /** All calls, those of the warm-up too. */
  calls: number;
  /** `floors`: the live heap after collections said enough; `snapshots`: objects were counted in snapshots. */
  evidence: 'floors' | 'snapshots';
  findings: Finding[];
  /** What `renderFindings` of `@ebb/heap` tells; null where no snapshot was needed. */
  report: FindingsReport | null;
  tookMs: number;
}

/** What is measured, and with what. */
export interface WorkToMeasure extends MeasuredBy {
  readonly work: Work;
}

interface MeasuredBy {
  /** What is tested, in messages. */
  readonly name: string;
  /** What one call may leave behind for good. */
  readonly budgetBytes: number;
  /** The repository that findings are told by. */
  readonly cwd: string;
  /** Where snapshots are written; the caller removes it. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures in two looks. Most code leaves nothing, and the live heap after each round of calls (floors) shows it in a
 * second: the interval of the growth lies below anything that could be kept. What is not that clear is decided by heap
 * snapshots between stretches of calls (`runTrial`).
 *
 * @throws {TestError} EBB_TEST_ANALYSIS_FAILED, EBB_TEST_ABORTED; and what the work throws
 */
export function measureWork({ work, ...measured }: WorkToMeasure): Promise<LeakMeasurement> {
  return measureRig(new WorkRig(work), measured);
}

/** The same of work that somebody else looks at meanwhile. */
export async function measureRig(rig: WorkRig, measured: MeasuredBy): Promise<LeakMeasurement> {
  const { name, budgetBytes, cwd, folder, signal } = measured;
  const startMs = monotonicMs();
  const told = (verdict: TestVerdict, slope: Slope): Omit<LeakMeasurement, 'evidence' | 'findings' | 'report'> => ({
    verdict,
    bytesPerCall: slope.bytesPerIteration,
    interval: slope.interval,
    budgetBytes,
    overBudget: verdict === 'leak' && slope.bytesPerIteration > budgetBytes,
    calls: rig.calls,
    tookMs: Math.round(monotonicMs() - startMs),
  });
  throwIfAborted(signal, name);
  const seen = await look(rig, budgetBytes, signal);
  throwIfAborted(signal, name);
  if (seen !== null) return { ...told('clean', seen), evidence: 'floors', findings: [], report: null };
  const { report, ...trial } = await runTrial(rig, { name, cwd, folder, signal });
  return { ...told(trial.verdict, trial), evidence: 'snapshots', findings: trial.findings, report };
}

/** Two looks at most: what was still being compiled or filled in the first is there in the second. */
async function look(rig: WorkRig, acceptedBytes: number, signal: AbortSignal | undefined): Promise<Slope | null> {
  const { msPerIteration } = await rig.warmUp();
  for (let time = 1; time <= 2; time++) {
    const { floors } = await rig.step(planLook(msPerIteration), {
      enough: (sofar) => signal?.aborted === true || sightOf(sofar, acceptedBytes).sight !== 'unclear',
    });
    const { sight, slope } = sightOf(floors, acceptedBytes);
    if (sight === 'clean') return slope;
    if (sight === 'grows') return null;
  }
  return null;
}

function throwIfAborted(signal: AbortSignal | undefined, name: string): void {
  if (signal?.aborted === true) throw new TestError('EBB_TEST_ABORTED', `the measuring of '${name}' was called off`);
}
