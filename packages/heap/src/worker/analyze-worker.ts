/** The worker thread's side: analyses, tells how far it is, and answers with the report or a coded error. */
import { parentPort, workerData } from 'node:worker_threads';
import { HeapError, type HeapErrorCode } from '../errors/heap-error.ts';
import { analyze } from '../finding/analyze.ts';
import type { FindingsReport } from '../finding/finding.ts';

/** What the worker is started with. */
export interface WorkerInput {
  files: string[];
  cwd: string;
  work: number[];
  sourceMaps?: string;
}

/** What it answers. */
export type WorkerMessage =
  | { type: 'progress'; phase: string; file: string; fraction: number }
  | { type: 'report'; report: FindingsReport }
  | { type: 'error'; code: HeapErrorCode; message: string };

const PROGRESS_STEPS = 50;

if (parentPort) {
  const port = parentPort;
  let told = '';
  try {
    const report = analyze({
      ...(workerData as WorkerInput),
      onProgress(phase, file, fraction) {
        const now = `${phase} ${file} ${Math.round(fraction * PROGRESS_STEPS)}`;
        if (now !== told) port.postMessage({ type: 'progress', phase, file, fraction } satisfies WorkerMessage);
        told = now;
      },
    });
    port.postMessage({ type: 'report', report } satisfies WorkerMessage);
  } catch (error) {
    if (!(error instanceof HeapError)) throw error;
    port.postMessage({ type: 'error', code: error.code, message: error.message } satisfies WorkerMessage);
  }
}
