/** What a trial is run on. */
import type { StepPlan } from '../plan/plan.ts';
import type { SnapshotMethod } from '../runner/protocol.ts';
import type { Stretch, Warmth } from '../runner/stretch.ts';

/** How far a test is. */
export interface TestProgress {
  phase: 'start' | 'warm-up' | 'measure' | 'snapshot' | 'analyse' | 'measure longer' | 'end';
  /** Of the phase, where it is known. */
  fraction?: number;
}

/** A snapshot that is written. */
export interface Written {
  /** How many iterations had run before it. */
  readonly iterations: number;
  readonly method: SnapshotMethod;
}

/** Where the work under test runs: in a process of its own, or in this thread. */
export interface Rig {
  warmUp(): Promise<Warmth>;
  step(plan: StepPlan): Promise<Stretch>;
  /** Writes a heap snapshot. */
  snapshot(file: string): Promise<Written>;
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
