/** One order, from its first process to its last: what an executor says is held against what the kernel says. */
import { residentBytes } from '@ebb/capture/limits';
import { bytes } from '../wording/quantities.ts';
import { failed, type ActionKind, type Done, type Executor, type Order, type Target } from './executor.ts';
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

/** What is done to one process after the other, and what it is called when it is done. */
const ofEachProcess: Partial<Record<ActionKind, { one: typeof restart; are: string }>> = {
  restart: { one: restart, are: 'were restarted' },
  'raise-limit': { one: restart, are: 'were restarted' },
  trim: { one: trim, are: 'were trimmed' },
};

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
  const each = ofEachProcess[order.kind];
  if (each === undefined) {
    const { ok, text } = await executor.step(order, null, service, signal);
    return { ok, outcome: text };
  }
  const all = order.targets.length;
  for (const [at, target] of order.targets.entries()) {
    const done = await toProcess(target, each.one, { order, executor, service, signal });
    const so = (count: number): string => `${count} of ${all} ${each.are}`;
    if (!done.ok) return { ok: false, outcome: `${done.text}; ${so(at)}` };
    const { newPid, leastServing, text } = done;
    const reason = await progress([{ oldPid: target.pid, newPid, leastServing, text }]);
    if (reason !== null && at + 1 < all) return { ok: false, outcome: `stopped: ${reason}; ${so(at + 1)}` };
  }
  return { ok: true, outcome: `${all} of ${all} ${each.are}` };
}

interface Way {
  order: Order;
  executor: Executor;
  service: string;
  signal: AbortSignal;
}

/** A process by its id and by when it was started. */
interface Started {
  pid: number;
  start: string;
}

async function toProcess(target: Target, one: typeof restart, way: Way): Promise<Done> {
  const { pid } = target;
  if (pid === null) return failed(`the process id of ${target.instance} is not known`);
  const start = processStart(pid);
  if (start === null) return failed(`there is no process ${pid} on this machine (or in this container)`);
  return await one({ pid, start }, target, way);
}

async function restart({ pid, start }: Started, target: Target, way: Way): Promise<Done> {
  const { order, executor, service, signal } = way;
  const done = await executor.step(order, target, service, signal);
  if (!done.ok) return done;
  for (let waitedMs = 0; processStart(pid) === start; waitedMs += 50) {
    if (waitedMs >= goneMs)
      return failed(`${executor.name} says that ${pid} was restarted, but it is still the same process`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (done.newPid !== null && processStart(done.newPid) === null)
    return failed(`${executor.name} says that ${done.newPid} runs in its place, but there is no such process`);
  return done;
}

/** What was given back the kernel says, and not the one who did it. */
async function trim({ pid, start }: Started, target: Target, way: Way): Promise<Done> {
  const { order, executor, service, signal } = way;
  const before = residentBytes(pid);
  const done = await executor.step(order, target, service, signal);
  if (!done.ok) return done;
  const after = residentBytes(pid);
  if (processStart(pid) !== start) return failed(`process ${pid} ended while it was trimmed`);
  if (before === null || after === null) return done;
  const gave = before > after ? `gave back ${bytes(before - after)}` : 'gave nothing back';
  return { ...done, text: `process ${pid} ${gave} (${bytes(before)} before, ${bytes(after)} after): ${done.text}` };
}
