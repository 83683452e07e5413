import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import { HeapError } from '../errors/heap-error.ts';

/** A started worker thread. */
export interface StartedWorker {
  post(message: unknown, transfer?: readonly Transferable[]): void;
  /** A thread that nobody waits for does not keep the process alive. */
  ref(): void;
  unref(): void;
  stop(): Promise<void>;
}

/** What a worker is started with, and who hears of it. */
export interface WorkerStart<Message> {
  workerData: unknown;
  /** What it works on, for the message of an error: `The analysis of a.heapsnapshot`. */
  work: string;
  limits?: ResourceLimits;
  onMessage: (message: Message) => void;
  /** It crashed or ended; heard once, after that nothing more comes. Not heard after `stop`. */
  onEnd: (error: HeapError) => void;
}

/** Starts a worker from its compiled file. */
export function startWorker<Message>(file: URL, start: WorkerStart<Message>): StartedWorker {
  const { workerData, work, limits, onMessage, onEnd } = start;
  const worker = new Worker(file, {
    workerData,
    execArgv: [],
    stdout: false,
    stderr: false,
    ...(limits === undefined ? {} : { resourceLimits: limits }),
  });
  let ended = false;
  const end = (message: string, cause?: Error): void => {
    if (ended) return;
    ended = true;
    onEnd(new HeapError('EBB_HEAP_WORKER_FAILED', message, { cause }));
  };
  worker.on('message', (message: Message) => {
    if (!ended) onMessage(message);
  });
  worker.on('error', (cause: Error) => {
    const advice = 'With very large snapshots this is want of memory; otherwise please report it.';
    end(`${work} failed: ${cause.message}. ${advice}`, cause);
  });
  worker.on('exit', () => end(`${work} ended without an answer.`));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    async stop() {
      ended = true;
      await worker.terminate();
    },
  };
}
