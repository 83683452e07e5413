import type { StepPlan } from '../plan/plan.ts';
import type { Floor, SnapshotMethod } from '../runner/protocol.ts';
import { settle, settleThoroughly } from '../runner/settle.ts';
import { stretch, warmUp, type Stretch, type StretchOptions, type Warmth } from '../runner/stretch.ts';
import type { WarmUpBudget } from '../runner/warm-up.ts';
import { Progress, type Workload } from '../runner/workload.ts';
import type { Rig, Written } from './rig.ts';

/**
 * How long to warm up what is quick: a function in a test, a route of a service. A test is to cost a second or two, and
 * what is not warm by then makes the floors unclear, so that snapshots decide.
 */
const QUICK_WARM_UP: WarmUpBudget = {
  minIterations: 1000,
  minMs: 1000,
  maxIterations: 8000,
  maxMs: 2000,
  firstChunk: 500,
  chunkMs: 300,
  maxHeapGrowthBytes: 8e6,
  maxExternalGrowthBytes: 128e6,
};

/** Work that is driven from this thread, wherever it is done. */
export interface Work {
  /** Does one unit of it. */
  run(call: number): unknown;
  /** What is left after a collection, where the work is done; default: in this thread. */
  readFloor?(): Promise<Omit<Floor, 'iterations'>>;
  /** Writes a heap snapshot of where it is done; says who wrote it. */
  snapshot(file: string): SnapshotMethod | Promise<SnapshotMethod>;
  /** A folder of source maps that are on no disk; undefined where there is none. */
  sourceMaps?(): string | undefined;
}

/** Drives work for a trial. */
export class WorkRig implements Rig {
  readonly #work: Work;
  readonly #workload: Workload;
  readonly #progress: Progress = new Progress();
  readonly #readFloor: (iterations: number) => Promise<Floor>;
  #warmth: Warmth | undefined;

  constructor(work: Work) {
    this.#work = work;
    this.#workload = { iterate: (call) => work.run(call) };
    this.#readFloor = async (iterations) => {
      // Here as little as possible: a test process is large, and each collection of it takes tens of milliseconds.
      if (work.readFloor === undefined) return await settle(iterations, 0);
      return { iterations, ...(await work.readFloor()) };
    };
  }

  /** How many calls there were. */
  get calls(): number {
    return this.#progress.iteration;
  }

  /** The call that runs; null between two rounds of calls. */
  get current(): number | null {
    return this.#progress.phase === 'iterate' ? this.#progress.iteration : null;
  }

  /** Once: what has been warmed up stays warm. */
  async warmUp(): Promise<Warmth> {
    const readFloor = this.#readFloor;
    this.#warmth ??= await warmUp(this.#workload, this.#progress, { budget: QUICK_WARM_UP, readFloor });
    return { ...this.#warmth, iterations: this.#progress.iteration };
  }

  step(plan: StepPlan, options: Pick<StretchOptions, 'enough'> = {}): Promise<Stretch> {
    return stretch(this.#workload, this.#progress, plan, { ...options, readFloor: this.#readFloor });
  }

  async snapshot(file: string): Promise<Written> {
    if (this.#work.readFloor === undefined) await settleThoroughly(this.#progress.iteration);
    const method = await this.#work.snapshot(file);
    return { iterations: this.#progress.iteration, method };
  }

  sourceMaps(): string | undefined {
    return this.#work.sourceMaps?.();
  }
}
