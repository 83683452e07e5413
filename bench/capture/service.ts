/** Starts `host.mjs`, sends it requests at an even pace, and has it take snapshots. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CapturedSnapshot, SnapshotAttempt } from '@ebb/capture';

export interface HostState {
  rss: number;
  heapUsed: number;
  descriptors: number;
  zombies: number;
}

export interface CaptureAnswer {
  capture?: CapturedSnapshot;
  error?: { code: string; message: string; attempts: SnapshotAttempt[] };
  before: HostState;
  after: HostState;
}

export interface Service {
  child: ChildProcess;
  started: HostState;
  /** Latencies in milliseconds of the requests that were answered, in the order of their end, with that time. */
  latencies: { atMs: number; ms: number }[];
  /** Requests that were not answered, by the reason. */
  failed: Record<string, number>;
  capture(options: object): Promise<CaptureAnswer>;
  stop(): Promise<void>;
}

const longestAnswerMs = 30_000;
const host = fileURLToPath(new URL('host.mjs', import.meta.url));

/** @param prefix a command that the Node is started by: a shell that moves itself into a group, for example */
export async function startService(
  node: string,
  options: object,
  { requestsPerSecond = 50, flags = [] as string[], prefix = [] as string[] } = {},
): Promise<Service> {
  const [command, ...args] = [...prefix, node, ...flags, host, JSON.stringify(options)];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let answer: (message: CaptureAnswer) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const next = (): Promise<CaptureAnswer> =>
    new Promise((resolve, reject) => {
      answer = resolve;
      refuse = reject;
    });
  child.on('message', (message) => answer(message as CaptureAnswer));
  child.on('exit', (code, signal) => refuse(new Error(`the host ended: ${code ?? signal}`)));
  const ready = (await next()) as unknown as HostState & { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const service: Service = {
    child,
    started: ready,
    latencies: [],
    failed: {},
    capture: (message) => {
      const answered = next();
      child.send(message);
      return answered;
    },
    stop: async () => {
      clearInterval(timer);
      // What is under way is answered first: a request that the end of the service cuts off says nothing of captures.
      for (let waited = 0; pending > 0 && waited < longestAnswerMs && !stopping; waited += 20) await sleep(20);
      if (pending > 0 && !stopping) service.failed['no answer'] = pending;
      stopping = true;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      agent.destroy();
    },
  };
  let stopping = false;
  let pending = 0;
  child.once('exit', () => (stopping = true));
  const timer = setInterval(() => {
    if (stopping) return;
    const start = performance.now();
    pending += 1;
    const request = get({ host: '127.0.0.1', port: ready.port, path: `/item/${Math.random()}`, agent }, (response) => {
      response.resume();
      response.on('end', () => service.latencies.push({ atMs: performance.now(), ms: performance.now() - start }));
    });
    request.once('close', () => (pending -= 1));
    request.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      if (!stopping) service.failed[reason] = (service.failed[reason] ?? 0) + 1;
    });
  }, 1000 / requestsPerSecond);
  return service;
}

/** The nearest rank; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const check = `
  const { snapshot, nodes, edges } = JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8'));
  const { node_fields: nodeFields, edge_fields: edgeFields } = snapshot.meta;
  const whole = nodes.length === snapshot.node_count * nodeFields.length && edges.length === snapshot.edge_count * edgeFields.length;
  process.exit(whole ? 0 : 1);`;

/**
 * Whether the file holds a whole snapshot: JSON, with as many nodes and edges as it says. In a process of its own, so
 * that the pace of the requests is not disturbed.
 */
export async function isWholeSnapshot(file: string): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile('nice', ['-n', '5', process.execPath, '-e', check, file], (error) => resolve(error === null));
  });
}
