import { connect } from 'node:net';
import type { RollReport } from '@ebb/agent/drain';
import { printable } from '../wording/printable.ts';
import { failed, type Done, type Executor } from './executor.ts';

/** What a primary may answer at the most. */
const mostAnswerBytes = 1_000_000;

/** Restarts workers of a Node cluster through the socket of `serveRestarts()` of `@ebb/agent/drain`. */
export function clusterExecutor(path: string, limitMs: number): Executor {
  return {
    name: `cluster ${path}`,
    kinds: ['restart'],
    step: async ({ leastServing }, target, _service, signal) => {
      if (target?.pid === null || target === null) return failed('the process id of the worker is not known');
      const order = JSON.stringify({ action: 'restart', pids: [target.pid], leastServing });
      let text: string;
      try {
        text = await ask(path, `${order}\n`, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
      } catch (error) {
        return failed(`the primary at ${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
      return doneOf(text);
    },
  };
}

async function ask(path: string, order: string, signal: AbortSignal): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const give = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      give(new Error('it did not answer in time, and nobody knows how far it got'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > mostAnswerBytes) give(new Error('it answers more than a primary does'));
    });
    socket.once('connect', () => socket.write(order));
    socket.once('error', give);
    socket.once('end', () => {
      resolve(text);
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

function doneOf(text: string): Done {
  const last = text.trim().split('\n').at(-1) ?? '';
  let answer: { refused?: unknown; report?: RollReport };
  try {
    answer = JSON.parse(last) as typeof answer;
  } catch {
    return failed('the primary ended before it had reported');
  }
  if (answer.report === undefined) return failed(`the primary refused: ${printable(String(answer.refused))}`);
  const { ok, steps, failure } = answer.report;
  const step = steps.at(-1);
  if (!ok || step === undefined) return failed(printable(failure?.message ?? 'the primary did nothing'));
  const text2 = `worker ${step.oldPid} was replaced by ${step.newPid}, ${step.leastServing} or more served`;
  return { ok: true, text: text2, newPid: step.newPid, leastServing: step.leastServing };
}
