/** Starts `host.mjs`, sends it requests at an even pace, and has it take snapshots. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Agent, get } from 'node:http';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CapturedSnapshot } from '@ebb/capture';

export interface HostState {
  rss: number;
  heapUsed: number;
  descriptors: number;
  zombies: number;
}

export interface CaptureAnswer {
  capture?: CapturedSnapshot;
  error?: { code: string; message: string };
  before: HostState;
  after: HostState;
}

export interface Service {
  child: ChildProcess;
  started: HostState;
  /** Latencies in milliseconds of the requests that were answered, in the order of their end, with that time. */
  latencies: { atMs: number; ms: number }[];
  failed: number;
  capture(options: object): Promise<CaptureAnswer>;
  stop(): Promise<void>;
}

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
    failed: 0,
    capture: (message) => {
      const answered = next();
      child.send(message);
      return answered;
    },
    stop: async () => {
      clearInterval(timer);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      agent.destroy();
    },
  };
  let stopping = false;
  child.once('exit', () => (stopping = true));
  const timer = setInterval(() => {
    if (stopping) return;
    const start = performance.now();
    const request = get({ host: '127.0.0.1', port: ready.port, path: `/item/${Math.random()}`, agent }, (response) => {
      response.resume();
      response.on('end', () => service.latencies.push({ atMs: performance.now(), ms: performance.now() - start }));
    });
    request.on('error', () => (service.failed += stopping ? 0 : 1));
  }, 1000 / requestsPerSecond);
  return service;
}

/** The nearest rank; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Whether the file holds a whole snapshot: JSON, with as many nodes and edges as it says. */
export function isWholeSnapshot(file: string): boolean {
  try {
    const { snapshot, nodes, edges } = JSON.parse(readFileSync(file, 'utf8')) as {
      snapshot: { node_count: number; edge_count: number; meta: { node_fields: string[]; edge_fields: string[] } };
      nodes: number[];
      edges: number[];
    };
    const { node_fields: nodeFields, edge_fields: edgeFields } = snapshot.meta;
    return (
      nodes.length === snapshot.node_count * nodeFields.length &&
      edges.length === snapshot.edge_count * edgeFields.length
    );
  } catch {
    return false;
  }
}

/** One line for the top of a table. */
export function machine(): string {
  const [first] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  return `${cpus().length} cores of ${first?.model.trim() ?? 'an unknown processor'}, shared with others; load ${load.join(', ')}`;
}
