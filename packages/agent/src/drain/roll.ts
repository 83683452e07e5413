/**
 * Restarts the workers of a Node cluster one after the other, in the primary: the new worker listens before the old one is
 * drained, so that there are never fewer than before, and it stops at the first thing that goes wrong. What it says it has
 * done it has seen: a worker is replaced when the kernel has told that its process ended.
 */
import nodeCluster, { type Cluster, type Worker } from 'node:cluster';
import { residentBytes } from '@ebb/capture/limits';
import { takersOf, type Takers } from './takers.ts';

/** How to restart. */
export interface RollOptions {
  /** Fewer workers than this never serve; it is refused when they do already. Default: as many as serve now. */
  leastServing?: number;
  /** These processes, in this order; default: all workers, oldest first. */
  pids?: readonly number[];
  /** How long a new worker may take to listen; default 60,000. */
  startLimitMs?: number;
  /** How long an old worker may take to end, its own limit included; default 45,000. Then it is killed, and that is told. */
  drainLimitMs?: number;
  /** Default: Node's own. */
  cluster?: Cluster;
  onStep?: (step: RollStep) => void;
}

/** What a worker of the old kind came to. */
export interface RollStep {
  oldPid: number;
  newPid: number;
  /** How many served at the least while it was replaced. */
  leastServing: number;
  /** Null when it was killed. */
  exitCode: number | null;
  /** It did not end within the limit. */
  killed: boolean;
}

/** What came of it. */
export interface RollReport {
  ok: boolean;
  steps: RollStep[];
  /** What stopped it, in one sentence. The workers that are not in `steps` are the old ones. */
  failure: { code: RollFailure; message: string } | null;
}

/** Why a restart stopped. */
export type RollFailure =
  'not-a-primary' | 'no-such-worker' | 'too-few' | 'no-memory' | 'not-started' | 'not-drained' | 'killed' | 'gone';

/** A worker that listens for the order answers at once. */
const answerLimitMs = 5000;

/**
 * Restarts workers one by one. Resolves with what was done in any case, and never throws: this is the primary of somebody's
 * service. Takes as many starts as there are workers; meanwhile there is one worker more, and room for it is checked.
 */
export async function rollWorkers(options: RollOptions = {}): Promise<RollReport> {
  const { cluster = nodeCluster, onStep } = options;
  const steps: RollStep[] = [];
  const stop = (code: RollFailure, message: string): RollReport => ({ ok: false, steps, failure: { code, message } });
  if (!cluster.isPrimary) return stop('not-a-primary', 'only the primary of a cluster restarts its workers');
  const serving = (): number => workersOf(cluster).filter(serves).length;
  const least = options.leastServing ?? serving();
  const wanted =
    options.pids?.map((pid) => ({ pid, worker: workersOf(cluster).find(({ process }) => process.pid === pid) })) ??
    workersOf(cluster).map((worker) => ({ pid: worker.process.pid ?? 0, worker }));
  for (const { pid, worker } of wanted) {
    if (worker === undefined) return stop('no-such-worker', `the cluster has no worker with the process id ${pid}`);
    if (worker.isDead()) return stop('gone', `worker ${pid} ended by itself before it was its turn`);
    if (serving() < least) return stop('too-few', `${serving()} workers serve, and ${least} must`);
    const room = roomForOneMore(cluster);
    if (room !== null) return stop('no-memory', room);
    const fresh = await startWorker(cluster, options.startLimitMs ?? 60_000);
    if (typeof fresh === 'string') return stop('not-started', fresh);
    const takers = await takersOf(workersOf(cluster).filter((other) => other !== worker && serves(other)));
    const ended = await drainWorker(worker, takers, { limitMs: options.drainLimitMs ?? 45_000, serving });
    if (ended === null) {
      fresh.kill('SIGTERM');
      return stop('not-drained', `worker ${pid} does not answer the order to drain: it has not armed one`);
    }
    const step: RollStep = { oldPid: pid, newPid: fresh.process.pid ?? 0, ...ended };
    steps.push(step);
    tell(() => onStep?.(step));
    if (step.killed)
      return stop('killed', `worker ${pid} did not end in time and was killed; its last requests may have failed`);
    if (!serves(fresh)) return stop('gone', `the new worker ${step.newPid} ended while the old one was drained`);
  }
  return { ok: true, steps, failure: null };
}

function workersOf(cluster: Cluster): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Node sets `state` on workers in the primary; a worker that drains has no connection to take over any more. */
function serves(worker: Worker): boolean {
  return !worker.isDead() && !draining.has(worker) && (worker as { state?: unknown }).state === 'listening';
}

const draining = new WeakSet<Worker>();

/** Why there is no room for one more worker; null when there is, or nobody can tell. */
function roomForOneMore(cluster: Cluster): string | null {
  const sizes = workersOf(cluster).flatMap(
    ({ process: { pid } }) => (pid === undefined ? null : residentBytes(pid)) ?? [],
  );
  const available = availableBytes();
  if (sizes.length === 0 || available === null) return null;
  // A new one is no larger than the smallest.
  const needed = Math.min(...sizes);
  if (available >= needed) return null;
  const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  return `a new worker needs ${mb(needed)}, and ${mb(available)} are left`;
}

/** A worker that listens, or why there is none. */
async function startWorker(cluster: Cluster, limitMs: number): Promise<Worker | string> {
  let worker: Worker;
  try {
    worker = cluster.fork();
  } catch (error) {
    return `no worker could be started: ${error instanceof Error ? error.message : String(error)}`;
  }
  return await new Promise((resolve) => {
    const settle = (result: Worker | string): void => {
      clearTimeout(timer);
      worker.off('listening', listening).off('exit', exited).off('error', failed);
      resolve(result);
    };
    const listening = (): void => {
      settle(worker);
    };
    const exited = (code: number | null, signal: string | null): void => {
      settle(`the new worker ended with ${String(code ?? signal)} before it listened`);
    };
    const failed = (error: Error): void => {
      settle(`no worker could be started: ${error.message}`);
    };
    const timer = setTimeout(() => {
      worker.off('exit', exited);
      worker.process.kill('SIGKILL');
      settle(`the new worker did not listen within ${limitMs / 1000} s`);
    }, limitMs);
    worker.on('listening', listening).on('exit', exited).on('error', failed);
  });
}

/** Null when it does not answer: nothing has happened to it then. */
async function drainWorker(
  worker: Worker,
  takers: Takers,
  { limitMs, serving }: { limitMs: number; serving: () => number },
): Promise<Pick<RollStep, 'leastServing' | 'exitCode' | 'killed'> | null> {
  return await new Promise((resolve) => {
    let leastServing = Number.POSITIVE_INFINITY;
    let killed = false;
    const look = (): void => {
      leastServing = Math.min(leastServing, serving());
    };
    const watching = setInterval(look, 20);
    const settle = (exitCode: number | null, answered: boolean): void => {
      look();
      for (const timer of [watching, unanswered, overdue]) clearInterval(timer);
      worker.off('message', hear).off('exit', exited);
      resolve(answered ? { leastServing, exitCode, killed } : null);
    };
    const hear = (message: unknown, handle: unknown): void => {
      if ((message as { type?: unknown } | null)?.type === 'ebb:draining') clearTimeout(unanswered);
      takers.passOn(message, handle);
    };
    const exited = (code: number | null): void => {
      settle(code, true);
    };
    const unanswered = setTimeout(() => {
      draining.delete(worker);
      worker.exitedAfterDisconnect = false;
      settle(null, false);
    }, answerLimitMs);
    const overdue = setTimeout(() => {
      killed = true;
      worker.process.kill('SIGKILL');
    }, limitMs);
    worker.on('message', hear).on('exit', exited);
    draining.add(worker);
    // What the primary's own `exit` listeners ask before they start a new worker by themselves.
    worker.exitedAfterDisconnect = true;
    worker.send({ type: 'ebb:drain', addresses: takers.addresses }, undefined, () => undefined);
    look();
  });
}

/** Memory that a further process could have: the machine's, within the container's limit; null before Node 20.13. */
function availableBytes(): number | null {
  const ask = (process as { availableMemory?: () => number }).availableMemory;
  return ask?.call(process) ?? null;
}

function tell(callback: () => void): void {
  try {
    callback();
  } catch {
    // The host comes first.
  }
}
