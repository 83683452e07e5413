import { HeapError } from '../errors/heap-error.ts';
import type { FindingsReport } from '../finding/finding.ts';
import type { WorkerInput, WorkerMessage } from './analyze-worker.ts';
import { startWorker } from './start-worker.ts';

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
  /** Whether the report has `contents` as well: classes, duplicated strings, buffers and more, of the last snapshot. */
  contents?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: AnalyzeProgress) => void;
}

/**
 * Analyses snapshots of one process, oldest first, in a worker thread: one snapshot tells what dominates the heap, two
 * what grew, three or more what keeps growing. Files may be packed (gzip, zstd) or pipes; `-` is standard input. Takes
 * about 85 bytes of memory an object and 20 a reference, and says beforehand where there is less. Rejects with a
 * {@link HeapError}; EBB_HEAP_ABORTED when the signal says so.
 */
export async function analyzeSnapshots(files: string[], options: AnalyzeOptions = {}): Promise<FindingsReport> {
  const { cwd = process.cwd(), work = [], sourceMaps, contents = false, signal, onProgress } = options;
  const aborted = (): HeapError =>
    new HeapError('EBB_HEAP_ABORTED', 'The analysis was called off before it ended.', { cause: signal?.reason });
  if (signal?.aborted) throw aborted();
  const workerData: WorkerInput = { files, cwd, work, contents, ...(sourceMaps === undefined ? {} : { sourceMaps }) };
  return new Promise<FindingsReport>((resolve, reject) => {
    const settle = (how: () => void): void => {
      signal?.removeEventListener('abort', onAbort);
      void worker.stop().then(how);
    };
    const onAbort = (): void => settle(() => reject(aborted()));
    const worker = startWorker<WorkerMessage>(new URL('./analyze-worker.js', import.meta.url), {
      workerData,
      work: `The analysis of ${files.join(', ')}`,
      onMessage(message) {
        if (message.type === 'progress') {
          const { phase, file, fraction } = message;
          onProgress?.({ phase, file, fraction });
        } else if (message.type === 'report') settle(() => resolve(message.report));
        else settle(() => reject(new HeapError(message.code, message.message)));
      },
      onEnd: (error) => settle(() => reject(error)),
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
