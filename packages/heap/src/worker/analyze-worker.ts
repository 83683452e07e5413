/** The worker thread's side: analyses, tells how far it is, and answers with the report or a coded error. */
import { parentPort, workerData } from 'node:worker_threads';
import { HeapError, type HeapErrorCode } from '../errors/heap-error.ts';
import { analyze } from '../finding/analyze.ts';
import type { FindingsReport } from '../finding/finding.ts';
import { inSteps } from './progress-steps.ts';

/** What the worker is started with. */
export interface WorkerInput {
  files: string[];
  cwd: string;
  work: number[];
  sourceMaps?: string;
  contents?: boolean;
}

/** What it answers. */
export type WorkerMessage =
  | { type: 'progress'; phase: string; file: string; fraction: number }
  | { type: 'report'; report: FindingsReport }
  | { type: 'error'; code: HeapErrorCode; message: string };

if (parentPort) {
  const port = parentPort;
  try {
    const report = analyze({
      ...(workerData as WorkerInput),
      onProgress: inSteps((phase, file, fraction) => {
        port.postMessage({ type: 'progress', phase, file, fraction } satisfies WorkerMessage);
      }),
    });
    port.postMessage({ type: 'report', report } satisfies WorkerMessage);
  } catch (error) {
    if (!(error instanceof HeapError)) throw error;
    port.postMessage({ type: 'error', code: error.code, message: error.message } satisfies WorkerMessage);
  }
}
