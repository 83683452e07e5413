import { Worker } from 'node:worker_threads';
import { HeapError } from '../errors/heap-error.ts';
import type { FindingsReport } from '../finding/finding.ts';
import type { WorkerInput, WorkerMessage } from './analyze-worker.ts';

/** How far the analysis is. */
export interface AnalyzeProgress {
  phase: string;
  file: string;
  /** Of this phase, from 0 to 1. */
  fraction: number;
}

/** What can be told about the snapshots, and how to watch or stop the analysis. */
export interface AnalyzeOptions {
  /** The repository or working directory: what `repoPath` is relative to. This process's, unless given. */
  cwd?: string;
  /** Work done before each snapshot, cumulative, in any unit (requests, iterations); equal steps where unknown. */
  work?: number[];
  /**
   * A folder of source maps that are kept apart from the scripts: a build's artefacts. Maps within the scripts and
   * beside them are found without it. EBB_HEAP_SOURCE_MAPS_UNREADABLE where it holds none.
   */
  sourceMaps?: string;
  signal?: AbortSignal;
  onProgress?: (progress: AnalyzeProgress) => void;
}

/**
 * Analyses snapshots of one process, oldest first, in a worker thread: one snapshot tells what dominates the heap, two
 * what grew, three or more what keeps growing. Takes about 25 bytes of memory a byte of file, in arrays outside the
 * JavaScript heap. Rejects with a {@link HeapError}; EBB_HEAP_ABORTED when the signal says so.
 */
export async function analyzeSnapshots(files: string[], options: AnalyzeOptions = {}): Promise<FindingsReport> {
  const { cwd = process.cwd(), work = [], sourceMaps, signal, onProgress } = options;
  const aborted = (): HeapError =>
    new HeapError('EBB_HEAP_ABORTED', 'The analysis was called off before it ended.', { cause: signal?.reason });
  if (signal?.aborted) throw aborted();
  const workerData: WorkerInput = { files, cwd, work, ...(sourceMaps === undefined ? {} : { sourceMaps }) };
  const worker = new Worker(new URL('./analyze-worker.js', import.meta.url), {
    workerData,
    execArgv: [],
    stdout: false,
    stderr: false,
  });
  const onAbort = (): void => void worker.terminate();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<FindingsReport>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'progress')
          onProgress?.({ phase: message.phase, file: message.file, fraction: message.fraction });
        else if (message.type === 'report') resolve(message.report);
        else reject(new HeapError(message.code, message.message));
      });
      worker.on('error', (cause: Error) => {
        reject(
          new HeapError(
            'EBB_HEAP_WORKER_FAILED',
            `The analysis of ${files.join(', ')} failed: ${cause.message}. With very large snapshots this is want of memory; otherwise please report it.`,
            { cause },
          ),
        );
      });
      worker.on('exit', () => {
        reject(
          signal?.aborted
            ? aborted()
            : new HeapError('EBB_HEAP_WORKER_FAILED', `The analysis of ${files.join(', ')} ended without an answer.`),
        );
      });
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
