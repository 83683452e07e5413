/** Plays an outage: a real cluster under real load, a real server, and Ebb's own commands. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../demo/free-port.ts';
import { startLoad, type RunningLoad } from '../load/load.ts';
import type { Release } from '../release.ts';
import { callEbb, startEbb, startProgram, type Running } from './ebb.ts';
import { tellFleet } from './fleet-order.ts';
import type { Outage } from './outage.ts';
import { startMonitoring } from './monitoring.ts';
import { openPager, type Page } from './pager.ts';
import { startOutageServer, type OutageServer } from './server.ts';

/** What was measured; seconds count from the first page. */
export interface Played {
  /** From the deploy of what leaks to the first page. */
  readonly pagedAfterS: number;
  readonly changesTold: {
    readonly afterS: number;
    readonly advice: string;
    readonly parts: readonly { readonly version: string; readonly part: string }[];
  };
  readonly culprit: { readonly afterS: number; readonly title: string };
  readonly teamPagedAfterS: number;
  readonly endedAfterS: number;
  readonly recovery: { readonly afterS: number; readonly sentence: string };
  readonly load: { readonly requests: number; readonly failures: number; readonly loggedOut: number };
  readonly postmortemFile: string;
}

/** How it is played. */
export interface PlayOptions {
  /** Where the postmortem is written. */
  readonly postmortemFile: string;
  readonly requestsPerSecond: number;
  /** Told what happens, as it happens. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Incident {
  readonly id: number;
  readonly serviceId: number;
}

interface Changes {
  readonly attribution: {
    readonly advice: string | null;
    readonly changes: readonly {
      readonly version: string | null;
      readonly part: string;
      readonly sentence: string;
      readonly recovery: { readonly result: string; readonly sentence: string } | null;
    }[];
  } | null;
}

interface Process {
  readonly pid: number;
  readonly verdict: string;
  readonly version: string;
}

const lookEveryMs = 1000;
const dayMs = 86_400_000;
const evidenceTries = 5;
/** Nothing that is waited for takes as long as this. */
const longestMs = 600_000;
const resolveEveryMs = 5000;
const resolveTries = 10;

/**
 * Plays it from the first release to the postmortem.
 *
 * @throws {Error} when something that Ebb should say is not said within ten minutes; AbortError when it is interrupted
 */
export async function play(outage: Outage, options: PlayOptions): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'storefront-outage-'));
  const stops: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    return await playIn(folder, outage, options, (stop) => stops.unshift(stop));
  } finally {
    for (const stop of stops) {
      try {
        await stop();
      } catch {
        // The others are stopped all the same.
      }
    }
  }
}

async function playIn(
  folder: string,
  outage: Outage,
  { postmortemFile, requestsPerSecond, say, signal }: PlayOptions,
  onEnd: (stop: () => unknown) => void,
): Promise<Played> {
  const pages: (Page & { atMs: number })[] = [];
  const pager = await openPager((page) => {
    pages.push({ ...page, atMs: Date.now() });
    say(`  ${page.person}'s pager: ${page.text}`);
  });
  onEnd(() => pager.close());
  const server = await startOutageServer(folder, pager.url);
  onEnd(() => server.stop());
  say(`ebb up serves ${server.url}`);
  const fleet = await startFleet(folder, server);
  onEnd(() => fleet.stop());
  const runner = await startEbb(
    ['respond', '--service', 'storefront', '--', process.execPath, beside('carry-out.js')],
    { ...server.environment, FLEET_SOCKET: fleet.socketPath },
    /responds for/,
  );
  onEnd(() => runner.stop());

  const monitoring = startMonitoring({
    ...{ primaryPid: fleet.pid, url: server.url, token: server.agentToken },
    onAlarm: (sentence) => {
      say(`  monitoring: ${sentence}`);
    },
  });
  onEnd(() => {
    monitoring.stop();
  });
  let load: RunningLoad | undefined;
  let deployedMs = 0;
  for (const { release, summary, seconds } of outage.deploys) {
    if (release === outage.guilty) monitoring.remember();
    await deploy(release, summary);
    if (release === outage.guilty) deployedMs = Date.now();
    if (load === undefined) {
      load = startLoad({ url: fleet.url, requestsPerSecond, maxDurationMs: 3_600_000, seed: 1 });
      const customers = load;
      onEnd(async () => {
        customers.stop();
        await customers.finished;
      });
      say(`customers send ${String(requestsPerSecond)} requests a second`);
    }
    await delay(seconds * 1000, undefined, { signal });
  }

  const page = await until('a page', () => Promise.resolve(pages.at(0)));
  const sincePageS = (): number => (Date.now() - page.atMs) / 1000;
  const [incident] = await server.ask<Incident[]>('/api/v1/incidents');
  if (incident === undefined) throw new Error('there was a page, and there is no incident');
  const id = String(incident.id);
  await shell('oncall', 'acknowledge', id);

  const evidence = gatherEvidence();
  const told = await until('what is known of the changes', async () => {
    const { attribution } = await changes();
    const parts = new Map(attribution?.changes.map(({ version, part }) => [version, part]));
    const known = outage.deploys.slice(1).every(({ release }) => (parts.get(release) ?? 'open') !== 'open');
    return known && attribution !== null ? attribution : undefined;
  });
  const parts = told.changes.map(({ version, part }) => ({ version: version ?? '', part }));
  const changesTold = { afterS: sincePageS(), advice: told.advice ?? '', parts };
  for (const { sentence } of told.changes) say(`  ${sentence}`);
  say(`  ${changesTold.advice}`);
  const culprit = { title: await evidence, afterS: sincePageS() };
  say(`  found: ${culprit.title}`);
  await shell('oncall', 'call', id, `team:${outage.team}`);
  await until('the page to the team', () => Promise.resolve(pages.find(({ person }) => person !== page.person)));
  const teamPagedAfterS = sincePageS();

  const { kind, to, why } = outage.end;
  await shell(
    'rollback',
    'storefront',
    ...(kind === 'rollforward' ? ['--forward'] : []),
    '--to',
    to,
    '--why',
    why,
    '--yes',
  );
  const endedAfterS = sincePageS();
  const sentence = await until('proof of recovery', async () => {
    const { attribution } = await changes();
    const last = attribution?.changes.findLast(({ version }) => version === to);
    return last?.recovery?.result === 'proven' ? last.recovery.sentence : undefined;
  });
  const recovery = { afterS: sincePageS(), sentence };
  say(`  ${sentence}`);
  await resolve();
  await shell('postmortem', 'refresh', id);
  await shell(
    'postmortem',
    'review',
    id,
    '--at',
    `${new Date(Date.now() + dayMs).toISOString().slice(0, 16)}Z`,
    '--minutes',
    '60',
  );
  await shell('postmortem', 'write', id, postmortemFile);
  load?.stop();
  const { requests, failures, loggedOut } = (await load?.finished) ?? { requests: 0, failures: 0, loggedOut: 0 };
  return {
    pagedAfterS: (page.atMs - deployedMs) / 1000,
    ...{ changesTold, culprit, teamPagedAfterS, endedAfterS, recovery, postmortemFile },
    load: { requests, failures, loggedOut },
  };

  async function deploy(release: Release, summary: string): Promise<void> {
    const { ok, text } = await tellFleet(fleet.socketPath, { action: 'deploy', version: release });
    if (!ok) throw new Error(`release ${release} could not be deployed: ${text}`);
    say(`${summary} is deployed: ${text}`);
    await shell('deploy', 'record', '--service', 'storefront', '--version', release, '--summary', summary);
  }

  async function shell(...words: string[]): Promise<void> {
    say(`$ ebb ${words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ')}`);
    const { exitCode, output } = await callEbb(words, server.environment);
    if (exitCode !== 0) throw new Error(`ebb ${words.join(' ')} ended with ${String(exitCode)}:\n${output}`);
  }

  /** Ebb asks for recovery that is measured. Where requests are slow for another reason, as on a busy machine, it wants one. */
  async function resolve(): Promise<void> {
    for (let tries = 0; tries < resolveTries; tries++) {
      const { exitCode, output } = await callEbb(['incident', 'resolve', id], server.environment);
      if (exitCode === 0) {
        say(`$ ebb incident resolve ${id}`);
        return;
      }
      if (tries === 0) say(`  not yet: ${output.trim().split('\n')[0] ?? ''}`);
      await delay(resolveEveryMs, undefined, { signal });
    }
    await shell(
      'incident',
      'resolve',
      id,
      '--reason',
      'the leak is gone, as proven; what is slow is slow for another reason',
    );
  }

  async function gatherEvidence(): Promise<string> {
    const newest = outage.deploys.at(-1)?.release;
    // A process may be restarted before it runs out, and its evidence with it.
    for (let tries = 0; tries < evidenceTries; tries++) {
      const processes = await server.ask<Process[]>(`/api/v1/services/${String(incident?.serviceId)}/processes`);
      const running = processes.filter(({ version, pid }) => version === newest && isThere(pid)).toReversed();
      const leaking = running.find(({ verdict }) => verdict === 'leak') ?? running[0];
      await shell('watch', '--pid', String(leaking?.pid), '--suspected', '--stop-on-finding', '--server', server.url);
      for (let looks = 0; looks < 5; looks++) {
        const { timeline } = await server.ask<{ timeline: { kind: string; text: string }[] }>(
          `/api/v1/incidents/${id}`,
        );
        const found = timeline.find((event) => event.kind === 'finding')?.text;
        if (found !== undefined) return found;
        await delay(lookEveryMs, undefined, { signal });
      }
    }
    throw new Error(`no finding came of ${String(evidenceTries)} watches`);
  }

  async function changes(): Promise<Changes> {
    return await server.ask<Changes>(`/api/v1/incidents/${id}/changes`);
  }

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadlineMs = Date.now() + longestMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadlineMs) throw new Error(`${what} did not come within ${String(longestMs / 60_000)} minutes`);
      await delay(lookEveryMs, undefined, { signal });
    }
  }
}

/** A fleet whose orders come through a socket. */
interface Fleet {
  readonly pid: number;
  readonly url: string;
  readonly socketPath: string;
  stop(): Promise<void>;
}

async function startFleet(folder: string, server: OutageServer): Promise<Fleet> {
  const port = await findFreePort();
  const socketPath = join(folder, 'fleet.sock');
  const running: Running = await startProgram(
    [beside('fleet.js')],
    {
      ...server.telemetry,
      FLEET_SOCKET: socketPath,
      PORT: String(port),
      // Minutes stand for days: sessions expire, and the agent judges, while one looks on.
      SESSION_IDLE_SECONDS: '4',
      SESSION_SWEEP_SECONDS: '1',
      OTEL_SERVICE_NAME: 'storefront',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      EBB_SAMPLE_INTERVAL: '250',
      EBB_WARMUP: '3000',
      EBB_DRAIN: 'message',
      EBB_DRAIN_IDLE: '1000',
      EBB_RECORD_DIR: join(folder, 'records'),
    },
    /takes orders/,
  );
  return {
    url: `http://127.0.0.1:${String(port)}`,
    socketPath,
    pid: running.child.pid ?? 0,
    stop: () => running.stop(),
  };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
