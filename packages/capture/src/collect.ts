import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CaptureError } from './error.ts';

/** The live set just after a full collection. */
export interface CollectedFloor {
  /** When it was read, in milliseconds since the epoch. */
  timeMs: number;
  heapBytes: number;
  /** Counts array buffers too. */
  externalBytes: number;
  arrayBuffersBytes: number;
  /** How long the thread stood still. */
  tookMs: number;
}

let cached: (() => void) | undefined;

/**
 * Collects all garbage of this thread, now, and reads what is left. The thread stands still: about
 * 1 ms per MB of live heap. The program need not have been started with `--expose-gc`, and
 * `globalThis.gc` does not appear.
 *
 * @param clock what tells the floor's time
 * @throws {CaptureError} EBB_CAPTURE_NO_GC; nothing else
 */
export function collectGarbage(clock: { now: () => number } = Date): CollectedFloor {
  const start = process.hrtime();
  try {
    cached ??= findGc();
    // The second collection frees what the first one's finalizers and weak callbacks let go of,
    // and waits for its sweeping: array buffers are returned by another thread.
    cached();
    cached();
  } catch (cause) {
    throw new CaptureError(
      'EBB_CAPTURE_NO_GC',
      `This Node.js (${process.version}) does not let a full collection be forced ` +
        `(${cause instanceof Error ? cause.message : String(cause)}). Start the program with --expose-gc.`,
      { cause },
    );
  }
  const [seconds, nanoseconds] = process.hrtime(start);
  const tookMs = seconds * 1e3 + nanoseconds / 1e6;
  const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
  const { arrayBuffers: arrayBuffersBytes } = process.memoryUsage();
  return { timeMs: clock.now(), heapBytes, externalBytes, arrayBuffersBytes, tookMs };
}

/**
 * V8 puts `gc` into the contexts that are made while `--expose-gc` is on. The flag is switched back
 * at once, unless it was on before; the one context that has `gc` stays alive as long as this
 * module.
 */
function findGc(): () => void {
  const probe = 'typeof gc === "function" ? gc : undefined';
  const existing: unknown = runInNewContext(probe);
  if (typeof existing === 'function') return existing as () => void;
  setFlagsFromString('--expose-gc');
  try {
    const exposed: unknown = runInNewContext(probe);
    if (typeof exposed !== 'function') throw new Error('--expose-gc had no effect');
    return exposed as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
