import type { RollReport } from '@ebb/agent/drain';
import { printable } from '../wording/printable.ts';
import { askSocket } from './ask-socket.ts';
import { failed, type Done, type Executor } from './executor.ts';

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
        text = await askSocket(path, order, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
      } catch (error) {
        return failed(`the primary at ${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
      return doneOf(text);
    },
  };
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
