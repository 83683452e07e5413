import { trimDoorOf } from '@ebb/agent/relief';
import { printable } from '../wording/printable.ts';
import { askSocket } from './ask-socket.ts';
import { failed, type Done, type Executor } from './executor.ts';

/**
 * Asks processes that have armed a trim (`EBB_TRIM=1`, or `armTrim()` of `@ebb/agent/relief`) to give back what malloc keeps
 * of freed memory, through the door of each (Linux; the same user, the same container).
 */
export function trimExecutor(limitMs: number): Executor {
  return {
    name: 'trim',
    kinds: ['trim'],
    step: async (_order, target, _service, signal) => {
      if (target?.pid === null || target === null) return failed('the process id is not known');
      const { pid } = target;
      try {
        const within = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
        return doneOf(pid, await askSocket(trimDoorOf(pid), JSON.stringify({ action: 'trim' }), within));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === 'ECONNREFUSED' || code === 'ENOENT')
          return failed(`process ${pid} has armed no trim: start it with the agent and EBB_TRIM=1`);
        return failed(`process ${pid}: ${printable(message)}`);
      }
    },
  };
}

function doneOf(pid: number, text: string): Done {
  let answer: { refused?: unknown; trimmed?: { tookMs?: unknown } } | null;
  try {
    answer = JSON.parse(text.trim()) as typeof answer;
  } catch {
    return failed(`process ${pid} hung up: it hears nobody but processes of its own user and container`);
  }
  const tookMs = answer?.trimmed?.tookMs;
  if (typeof tookMs !== 'number') return failed(`process ${pid} refused: ${printable(String(answer?.refused))}`);
  return { ok: true, text: `malloc_trim took ${Math.round(tookMs)} ms`, newPid: null, leastServing: null };
}
