/** The worker thread's side of an open snapshot: opens it, then answers one query after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { HeapError } from '../errors/heap-error.ts';
import { buffersOf, type Census } from '../query/census.ts';
import type { QueryControl } from '../query/control.ts';
import { openForQueries } from '../query/serve.ts';
import type { QueryMessage, QueryWorkerInput, QueryWorkerMessage } from './messages.ts';
import { inSteps } from './progress-steps.ts';

if (parentPort) {
  const port = parentPort;
  const { calledOff, ...input } = workerData as QueryWorkerInput;
  const flag = new Int32Array(calledOff);
  const say = (message: QueryWorkerMessage, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const controlOf = (number: number): QueryControl => ({
    checkpoint() {
      if (number !== 0 && Atomics.load(flag, 0) === number)
        throw new HeapError('EBB_HEAP_ABORTED', 'The query was called off before it ended.');
    },
    onProgress: inSteps((phase, file, fraction) => say({ type: 'progress', number, phase, file, fraction })),
  });
  const attempt = (number: number, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof HeapError)) throw error;
      say({ type: 'error', number, code: error.code, message: error.message });
    }
  };
  attempt(0, () => {
    const serve = openForQueries(input, controlOf(0));
    port.on('message', ({ number, name, input: question }: QueryMessage) => {
      attempt(number, () => {
        const answer = serve(name, question, controlOf(number));
        say({ type: 'answer', number, answer }, name === 'census' ? buffersOf(answer as Census) : []);
      });
    });
    say({ type: 'opened' });
  });
}
