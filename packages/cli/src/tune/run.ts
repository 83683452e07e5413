/** One run of the service under load, with the settings of a candidate. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentListener, ConnectedAgent, SampleMessage } from '@ebb/agent';
import { CliError } from '../errors/cli-error.ts';
import { Client } from '../soak/client.ts';
import type { Route } from '../soak/route.ts';
import { Service } from '../soak/service.ts';
import { printable } from '../wording/printable.ts';
import { inWatchPlace } from '../watch/place.ts';
import type { Candidate } from './candidate.ts';
import type { RunFigures } from './compare.ts';
import { cpuTimeMs } from './process-use.ts';

/** How a run is made. */
export interface RunOptions {
  readonly command: readonly string[];
  readonly routes: readonly Route[];
  readonly url: string | null;
  readonly startLimitMs: number;
  readonly requestLimitMs: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly signal: AbortSignal;
  /** The `cgroup.procs` of a group that the service is started in. */
  readonly processesFile?: string | null;
}

/** A run, with what the plan of the memory needs beside the figures. */
export interface Run extends RunFigures {
  readonly requests: number;
  readonly failed: number;
  readonly heapAtPeakBytes: number;
  readonly floorBytes: number | null;
  readonly heapLimitBytes: number;
  readonly containerLimitBytes: number | null;
  readonly cpuCores: number;
  /** Routes that answered most of their requests with an error of the client's, and which. */
  readonly refusing: readonly string[];
}

/** More failures than this, and something else was measured. */
const mostFailedShare = 0.01;

/**
 * Starts the service, warms it up, and measures it under load.
 *
 * @throws {CliError} what `ebb soak` throws about the service; EBB_CLI_TUNE_FAILING when requests fail
 */
export async function runOnce(candidate: Candidate, options: RunOptions): Promise<Run> {
  return await inWatchPlace({ reportFile: null, keepSnapshots: null }, async ({ listener, store }) => {
    const service = await Service.start({
      ...options,
      ...{ listener, snapshotDirectory: store.directory, environment: environmentOf(candidate) },
    });
    const clients = Array.from({ length: options.connections }, () => new Client(service.url, options.requestLimitMs));
    try {
      const [probe] = clients;
      const serving = await service.serving(async () => {
        for (const route of options.routes) await probe?.send(route, 0);
      });
      return await underLoad({ agent: serving, service, listener, clients }, options);
    } finally {
      for (const client of clients) client.close();
      await service.stop();
    }
  });
}

function environmentOf({ env, nodeFlags }: Candidate): Record<string, string> {
  if (nodeFlags.length === 0) return { ...env };
  return { ...env, NODE_OPTIONS: [process.env['NODE_OPTIONS'] ?? '', ...nodeFlags].join(' ').trim() };
}

async function underLoad(
  {
    agent,
    service,
    listener,
    clients,
  }: { agent: ConnectedAgent; service: Service; listener: AgentListener; clients: readonly Client[] },
  { routes, warmUpMs, measureMs, signal }: RunOptions,
): Promise<Run> {
  const samples: SampleMessage[] = [];
  const hear = (from: ConnectedAgent, message: SampleMessage): void => {
    if (from === agent) samples.push(message);
  };
  const latencies: number[] = [];
  const refused = new Map<Route, { status: string; requests: number; of: number }>();
  let [over, failed, call] = [false, 0, 0];
  const drive = async (client: Client): Promise<void> => {
    while (!over && service.end === null) {
      const at = call++;
      const route = routes[at % routes.length];
      if (route === undefined) return;
      const startedMs = performance.now();
      const status = await client.send(route, at);
      latencies.push(performance.now() - startedMs);
      if (!/^[1-4]\d\d$/.test(status)) failed += 1;
      const seen = refused.get(route) ?? { status, requests: 0, of: 0 };
      seen.of += 1;
      if (status.startsWith('4')) [seen.status, seen.requests] = [status, seen.requests + 1];
      refused.set(route, seen);
    }
  };
  agent.setInterval(250);
  listener.on('sample', hear);
  const driving = Promise.all(clients.map(drive));
  try {
    await delay(warmUpMs, undefined, { signal });
    [latencies.length, samples.length, failed] = [0, 0, 0];
    const { pid } = agent.hello;
    const [cpuBefore, startedMs] = [cpuTimeMs(pid), performance.now()];
    await delay(measureMs, undefined, { signal });
    const [cpuAfter, tookMs, taken] = [cpuTimeMs(pid), performance.now() - startedMs, [...latencies]];
    const measured = [...samples];
    over = true;
    await driving;
    if (service.end !== null) throw new CliError('EBB_CLI_SOAK_ENDED', 'the service ended while it was measured');
    const { floor } = await agent.collect();
    if (failed > taken.length * mostFailedShare)
      throw new CliError('EBB_CLI_TUNE_FAILING', `${failed} of ${taken.length} requests failed under load`);
    const peak = measured.reduce((most, one) => (one.sample.rssBytes > most.sample.rssBytes ? one : most));
    const cpuMs = (cpuAfter ?? 0) - (cpuBefore ?? 0);
    const sorted = taken.sort((a, b) => a - b);
    return {
      peakRssBytes: peak.sample.rssBytes,
      cpuMsPerRequest: cpuMs / taken.length,
      latencyP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      gcShare: measured.reduce((sum, { gcCpuShare }) => sum + gcCpuShare, 0) / measured.length,
      requestsPerSecond: (taken.length / tookMs) * 1000,
      requests: taken.length,
      failed,
      heapAtPeakBytes: peak.sample.heapUsedBytes,
      floorBytes: floor === undefined ? null : floor.heapBytes,
      heapLimitBytes: peak.sample.heapLimitBytes,
      containerLimitBytes: peak.sample.rssLimitBytes,
      cpuCores: cpuMs / tookMs,
      refusing: [...refused].flatMap(([{ name }, { status, requests, of }]) =>
        requests * 2 > of ? [`${name} answers ${status}`] : [],
      ),
    };
  } catch (error) {
    over = true;
    await driving;
    if (signal.aborted) throw new CliError('EBB_CLI_SOAK_ENDED', 'it was called off', { cause: error });
    throw error instanceof TypeError
      ? new CliError('EBB_CLI_SOAK_NO_AGENT', `the agent told nothing under load: ${printable(error.message)}`, {
          cause: error,
        })
      : error;
  } finally {
    listener.off('sample', hear);
  }
}
