/** Stretches of work, snapshots before and after each, and what the latest of them show. */
import { join } from 'node:path';
import { analyzeSnapshots, type FindingsReport } from '@ebb/heap';
import { TestError } from '../errors/test-error.ts';
import type { StepPlan } from '../plan/plan.ts';
import type { Floor } from '../runner/protocol.ts';
import type { Stretch } from '../runner/stretch.ts';
import { withoutGivenBack } from '../verdict/given-back.ts';
import type { Rig, TestProgress, TrialOptions, Written } from './rig.ts';

interface Snapshot extends Written {
  readonly file: string;
}

/** How many snapshots are compared: two steps, with one before them. */
const COMPARED = 3;

/** One series of a trial. */
export class Series {
  /** The floors of each stretch. */
  readonly steps: Floor[][] = [];
  readonly #rig: Rig;
  readonly #options: TrialOptions;
  readonly #snapshots: Snapshot[] = [];

  constructor(rig: Rig, options: TrialOptions) {
    this.#rig = rig;
    this.#options = options;
  }

  get taken(): number {
    return this.#snapshots.length;
  }

  /** The snapshots that an analysis looks at, oldest first. */
  get compared(): readonly Snapshot[] {
    return this.#snapshots.slice(-COMPARED);
  }

  /** Iterations between the first and the last of them. */
  get work(): number {
    return (this.compared.at(-1)?.iterations ?? 0) - (this.compared[0]?.iterations ?? 0);
  }

  tell(phase: TestProgress['phase'], fraction?: number): void {
    this.#options.onProgress?.(fraction === undefined ? { phase } : { phase, fraction });
  }

  async take(): Promise<void> {
    this.tell('snapshot');
    const file = join(this.#options.folder, `${String(this.taken + 1)}.heapsnapshot`);
    this.#snapshots.push({ file, ...(await this.#rig.snapshot(file)) });
  }

  async step(plan: StepPlan): Promise<Stretch> {
    const done = await this.#rig.step(plan);
    this.steps.push(done.floors);
    return done;
  }

  /** @throws {TestError} EBB_TEST_ANALYSIS_FAILED, EBB_TEST_ABORTED */
  async analyse(): Promise<FindingsReport> {
    const { name, cwd, signal } = this.#options;
    const { compared } = this;
    this.tell('analyse', 0);
    const sourceMaps = this.#rig.sourceMaps?.();
    try {
      const report = await analyzeSnapshots(
        compared.map(({ file }) => file),
        {
          cwd,
          work: compared.map(({ iterations }) => iterations),
          onProgress: ({ fraction }) => {
            this.tell('analyse', fraction);
          },
          ...(signal === undefined ? {} : { signal }),
          ...(sourceMaps === undefined ? {} : { sourceMaps }),
        },
      );
      return withoutGivenBack(report, this.steps, { byPlace: compared.some(({ method }) => method === 'fork') });
    } catch (cause) {
      if (signal?.aborted === true)
        throw new TestError('EBB_TEST_ABORTED', `the test of '${name}' was called off`, { cause });
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TestError('EBB_TEST_ANALYSIS_FAILED', `the snapshots of '${name}' could not be analysed: ${why}`, {
        cause,
      });
    }
  }
}
