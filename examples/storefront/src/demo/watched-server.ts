import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Release } from '../release.ts';
import { findEbbCommand } from './ebb-command.ts';

/** What a watched server is to be. */
export interface WatchedServerOptions {
  readonly release: Release;
  readonly port: number;
  /** How Node.js is to run the server. */
  readonly nodeOptions: readonly string[];
  readonly dataFolder: string;
  readonly reportFile: string;
}

/** A storefront under `ebb watch`, on this process's terminal. */
export interface WatchedServer {
  /** Settles when `ebb watch` has ended. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /**
   * Waits until the server answers; `false` when `ebb watch` ends before, on an interrupt, or after
   * `withinMs`.
   */
  becomesReady(withinMs: number, interrupt: AbortSignal): Promise<boolean>;
  /** Whether the report says that a finding was made; `false` also without a report. */
  hasFinding(): Promise<boolean>;
  /** Ends Ebb and the server, gently first. `graceMs`: how long they may take to end by themselves. */
  stop(graceMs: number): Promise<void>;
}

/** How long Ebb may take for its last words after a signal. */
const farewellMs = 15_000;

/** Starts the server under `ebb watch --stop-on-finding`. */
export function startWatchedServer(options: WatchedServerOptions): WatchedServer {
  const url = `http://127.0.0.1:${options.port}`;
  const server = fileURLToPath(new URL('../server.js', import.meta.url));
  const watch = [findEbbCommand(), 'watch', '--stop-on-finding', '--report', options.reportFile, '--'];
  const program = ['node', ...options.nodeOptions, '--enable-source-maps', server];
  const ebb = spawn(process.execPath, [...watch, ...program], {
    stdio: 'inherit',
    env: {
      ...process.env,
      RELEASE: options.release,
      HOST: '127.0.0.1',
      PORT: String(options.port),
      STOREFRONT_DATA: options.dataFolder,
      // Minutes stand for a day: sessions expire while one looks on.
      SESSION_IDLE_SECONDS: '10',
      SESSION_SWEEP_SECONDS: '2',
      OTEL_SERVICE_NAME: 'storefront',
      OTEL_RESOURCE_ATTRIBUTES: `service.version=${options.release}`,
    },
  });
  let hasEnded = false;
  let serverPid: number | null = null;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      hasEnded = true;
      resolve();
    };
    ebb.once('exit', end);
    ebb.once('error', end);
  });
  const endsWithin = (timeMs: number): Promise<boolean> => settlesWithin(ended, timeMs);

  return {
    ended,
    hasEnded: () => hasEnded,
    async becomesReady(withinMs: number, interrupt: AbortSignal): Promise<boolean> {
      const deadlineMs = Date.now() + withinMs;
      while (!hasEnded && !interrupt.aborted && Date.now() < deadlineMs) {
        serverPid = await readPid(url);
        if (serverPid !== null) return true;
        await delay(100);
      }
      return false;
    },
    hasFinding: () => hasFinding(options.reportFile),
    async stop(graceMs: number): Promise<void> {
      if (!(await endsWithin(graceMs))) ebb.kill('SIGTERM');
      if (!(await endsWithin(farewellMs))) ebb.kill('SIGKILL');
      await ended;
      // Ebb ends its program with itself; this is for an Ebb that could not.
      if (serverPid !== null && (await readPid(url)) === serverPid) process.kill(serverPid, 'SIGKILL');
    },
  };
}

/** The server's process id, when it answers and is healthy. */
async function readPid(url: string): Promise<number | null> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
    const { pid } = (await response.json()) as { pid?: unknown };
    return response.ok && typeof pid === 'number' ? pid : null;
  } catch {
    return null; // not yet
  }
}

async function hasFinding(reportFile: string): Promise<boolean> {
  if (!existsSync(reportFile)) return false;
  const report = JSON.parse(await readFile(reportFile, 'utf8')) as { verdict?: string; findings?: unknown[] };
  return report.verdict === 'leak' && (report.findings?.length ?? 0) > 0;
}

async function settlesWithin(promise: Promise<void>, timeMs: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = delay(timeMs, false, { signal: timeout.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), late]);
  timeout.abort();
  return settled;
}
