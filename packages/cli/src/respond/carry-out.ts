/** One order, from its first process to its last: what an executor says is held against what the kernel says. */
import { failed, type Done, type Executor, type Order, type Target } from './executor.ts';
import { processStart } from './process-start.ts';

/** A step as the server hears of it. */
export interface ToldStep {
  readonly oldPid: number | null;
  readonly newPid: number | null;
  readonly leastServing: number | null;
  readonly text: string;
}

/** What came of an order. */
export interface Outcome {
  readonly ok: boolean;
  readonly outcome: string;
}

/** How long a process that was drained may take to be gone from the kernel's table after its executor said so. */
const goneMs = 5000;

/**
 * Carries an order out, one process at a time, and stops at the first thing that goes wrong or when `progress` says so.
 * `progress` is told of each step, and answers why to stop; null to go on.
 */
export async function carryOut(
  order: Order,
  {
    executor,
    service,
    signal,
    progress,
  }: {
    executor: Executor;
    service: string;
    signal: AbortSignal;
    progress: (steps: ToldStep[]) => Promise<string | null>;
  },
): Promise<Outcome> {
  const stop = await progress([]);
  if (stop !== null) return { ok: false, outcome: `stopped before anything was done: ${stop}` };
  if (order.kind !== 'restart' && order.kind !== 'raise-limit') {
    const { ok, text } = await executor.step(order, null, service, signal);
    return { ok, outcome: text };
  }
  const all = order.targets.length;
  for (const [at, target] of order.targets.entries()) {
    const done = await restart(order, target, { executor, service, signal });
    const so = `${at} of ${all} were restarted`;
    if (!done.ok) return { ok: false, outcome: `${done.text}; ${so}` };
    const { newPid, leastServing, text } = done;
    const reason = await progress([{ oldPid: target.pid, newPid, leastServing, text }]);
    if (reason !== null && at + 1 < all)
      return { ok: false, outcome: `stopped: ${reason}; ${at + 1} of ${all} were restarted` };
  }
  return { ok: true, outcome: `${all} of ${all} were restarted` };
}

async function restart(
  order: Order,
  target: Target,
  { executor, service, signal }: { executor: Executor; service: string; signal: AbortSignal },
): Promise<Done> {
  const { pid } = target;
  if (pid === null) return failed(`the process id of ${target.instance} is not known`);
  const before = processStart(pid);
  if (before === null) return failed(`there is no process ${pid} on this machine (or in this container)`);
  const done = await executor.step(order, target, service, signal);
  if (!done.ok) return done;
  for (let waitedMs = 0; processStart(pid) === before; waitedMs += 50) {
    if (waitedMs >= goneMs)
      return failed(`${executor.name} says that ${pid} was restarted, but it is still the same process`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (done.newPid !== null && processStart(done.newPid) === null)
    return failed(`${executor.name} says that ${done.newPid} runs in its place, but there is no such process`);
  return done;
}
