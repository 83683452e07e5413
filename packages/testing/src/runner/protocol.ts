/**
 * What the parent and the runner say to each other: a JSON document a line. The runner writes to descriptor 3, in the
 * very moment (`writeSync`, so that even the last words before an exit arrive), and reads from descriptor 4; `process.send`
 * and the IPC channel stay the workload's own.
 */

/** Where the runner is, so that a failure can be told with its place. */
export type Phase = 'start' | 'import' | 'setup' | 'iterate' | 'settle' | 'snapshot' | 'wait' | 'teardown';

/** What ends a stretch of work early. Counts are iterations, growth is that of the floor in bytes. */
export interface Limits {
  readonly timeMs: number;
  readonly heapGrowthBytes: number;
  readonly externalGrowthBytes: number;
}

/** What the runner is asked for, one after the other. */
export type Request =
  | { type: 'start'; file: string }
  | { type: 'warmUp' }
  | { type: 'step'; iterations: number; rounds: number; limits: Limits }
  | { type: 'snapshot'; file: string }
  | { type: 'end'; limitMs: number };

/** The live set after a full collection, and how many iterations had run. */
export interface Floor {
  readonly iterations: number;
  readonly heapBytes: number;
  /** Memory outside the heap that objects hold: array buffers and what addons declare. */
  readonly externalBytes: number;
}

/** Who writes a snapshot: a forked child, whose numbers of objects mean nothing in another snapshot, or the process. */
export type SnapshotMethod = 'fork' | 'inline';

/** An error of the workload, as text: it cannot cross the pipe as an object. */
export interface Thrown {
  readonly summary: string;
  readonly stack: string;
}

/** What the runner tells. */
export type Message =
  | { type: 'at'; phase: Phase; iteration: number }
  | { type: 'started' }
  | { type: 'noIterate'; exports: string[] }
  | { type: 'warm'; iterations: number; msPerIteration: number; bytesPerIteration: number }
  | { type: 'stepped'; floors: Floor[]; msPerIteration: number }
  | { type: 'captured'; iterations: number; method: SnapshotMethod }
  | { type: 'noSnapshot'; code: string; message: string }
  | { type: 'failed'; phase: Phase; iteration: number; error: Thrown }
  | { type: 'uncaught'; phase: Phase; iteration: number; error: Thrown }
  | { type: 'ranDry'; phase: Phase; iteration: number }
  | { type: 'exit'; phase: Phase; iteration: number; exitCode: number }
  | { type: 'ended'; teardownFinished: boolean };

/** Splits what arrives into whole lines and parses them; what is no message is left out. Lines are bounded. */
export class LineReader<T> {
  #rest = '';

  /** The messages that have become whole. */
  push(chunk: string): T[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, 1_000_000);
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as T];
      } catch {
        return [];
      }
    });
  }
}
