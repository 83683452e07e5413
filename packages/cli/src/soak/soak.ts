import type { ConnectedAgent } from '@ebb/agent';
import { measureWork, type LeakMeasurement, type Work } from '@ebb/testing';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { inWatchPlace, type WatchPlace } from '../watch/place.ts';
import type { Budget } from './budget.ts';
import { Client } from './client.ts';
import type { Route } from './route.ts';
import { Service } from './service.ts';
import type { RouteFailure, RouteReport, SoakReport } from './soak-report.ts';

/** What `ebb soak` was asked for. */
export interface SoakOptions {
  readonly command: readonly string[];
  readonly routes: readonly Route[];
  readonly budget: Budget;
  readonly url: string | null;
  readonly startLimitMs: number;
  readonly requestLimitMs: number;
  readonly signal: AbortSignal;
  onRoute?(route: Route, at: number): void;
}

/** Before anything is measured: does the route answer at all? */
const PROBES = 5;

/**
 * Starts a service, and for one route after the other sends the same request again and again and says what each leaves
 * behind: by the floors of the service's process in a few seconds where that is nothing, by its heap snapshots where it
 * may be something. Nothing else is sent meanwhile, so that growth belongs to the route.
 *
 * @throws {CliError} EBB_CLI_SOAK_ENDED, EBB_CLI_SOAK_NO_AGENT, EBB_CLI_SOAK_SEVERAL and EBB_CLI_SOAK_NOT_LISTENING
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  return await inWatchPlace({ reportFile: null, keepSnapshots: null }, async (place) => await soakIn(place, options));
}

async function soakIn(place: WatchPlace, options: SoakOptions): Promise<SoakReport> {
  const { command, routes, budget, url, startLimitMs, requestLimitMs, signal } = options;
  const service = await Service.start({
    command,
    url,
    startLimitMs,
    listener: place.listener,
    snapshotDirectory: place.store.directory,
    signal,
  });
  const client = new Client(service.url, requestLimitMs);
  const measured: RouteReport[] = [];
  const failures: RouteFailure[] = [];
  try {
    let serving: ConnectedAgent | undefined;
    for (const [at, route] of routes.entries()) {
      options.onRoute?.(route, at);
      signal.throwIfAborted();
      try {
        const drive = new Drive(client, service, route);
        await drive.probe();
        serving ??= await service.serving(async () => await drive.probe());
        const budgetBytes = budget.routes[route.name]?.bytesPerRequest ?? 0;
        const folder = join(place.folder.path, `route-${at}`);
        mkdirSync(folder, { mode: 0o700 });
        const work = drive.work(serving, folder);
        const cwd = serving.hello.cwd;
        const result = await measureWork({ work, name: route.name, budgetBytes, cwd, folder, signal });
        measured.push(reportOf(route, result, drive.statuses));
      } catch (error) {
        if (signal.aborted || service.end !== null || isAboutAll(error)) throw error;
        failures.push({ route: route.name, code: codeOf(error), message: messageOf(error), next: nextOf(error) });
      }
    }
  } finally {
    client.close();
    await service.stop();
  }
  const verdicts = measured.map(({ verdict }) => verdict);
  return {
    format: 'ebb.soak/1',
    verdict: verdicts.includes('leak') ? 'leak' : verdicts.includes('bounded') ? 'bounded' : 'clean',
    overBudget: measured.some(({ overBudget }) => overBudget),
    command,
    routes: measured,
    failures,
    warnings: measured.flatMap(warningsOf),
  };
}

/** The requests to one route. */
class Drive {
  readonly statuses: Record<string, number> = {};
  readonly #client: Client;
  readonly #service: Service;
  readonly #route: Route;

  constructor(client: Client, service: Service, route: Route) {
    this.#client = client;
    this.#service = service;
    this.#route = route;
  }

  /** @throws {CliError} EBB_CLI_SOAK_ROUTE_FAILED when it only fails, EBB_CLI_SOAK_ENDED */
  async probe(): Promise<void> {
    const answers: string[] = [];
    for (let call = 0; call < PROBES; call++) answers.push(await this.#send(call));
    if (!answers.every(isFailure)) return;
    if (await this.#service.isEnding()) throw this.#gone();
    const told = [...new Set(answers)].join(', ');
    throw new CliError('EBB_CLI_SOAK_ROUTE_FAILED', `'${printable(this.#route.name)}' only fails: ${told}`);
  }

  work(agent: ConnectedAgent, folder: string): Work {
    const mapFolder = join(folder, 'source-maps');
    let maps: string | null | undefined;
    return {
      run: (call) => this.#send(call),
      readFloor: async () => {
        const { floor, error } = await agent.collect();
        if (floor === undefined) throw this.#gone(error);
        return { heapBytes: floor.heapBytes, externalBytes: floor.externalBytes };
      },
      snapshot: async (file) => {
        if (maps === undefined) maps = ((await agent.sourceMaps(mapFolder)).maps ?? 0) > 0 ? mapFolder : null;
        const { ok, error, method } = await agent.snapshot(file, { method: 'auto', niceness: 0 });
        if (!ok) throw this.#gone(error);
        return method;
      },
      sourceMaps: () => maps ?? undefined,
    };
  }

  async #send(call: number): Promise<string> {
    const status = await this.#client.send(this.#route, call);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (this.#service.end !== null) throw this.#gone();
    return status;
  }

  #gone(error?: { code: string; message: string }): CliError {
    const { end } = this.#service;
    if (end === null)
      return new CliError(
        'EBB_CLI_SOAK_NO_EVIDENCE',
        `${error?.message ?? 'no reason was given'} [${error?.code ?? ''}]`,
      );
    const how = end.code === null ? `by ${end.signal}` : `with exit code ${end.code}`;
    return new CliError(
      'EBB_CLI_SOAK_ENDED',
      `the service ended ${how} while '${printable(this.#route.name)}' was measured`,
    );
  }
}

function reportOf(route: Route, measured: LeakMeasurement, statuses: Record<string, number>): RouteReport {
  const { verdict, bytesPerCall, interval, calls, budgetBytes, evidence, findings, tookMs } = measured;
  return {
    route: route.name,
    verdict,
    bytesPerRequest: rounded(bytesPerCall),
    interval: [rounded(interval[0]), rounded(interval[1])],
    requests: calls,
    statuses,
    budgetBytesPerRequest: budgetBytes,
    // Surely: a gate that fails by noise is soon switched off.
    overBudget: verdict === 'leak' && (budgetBytes === 0 || interval[0] > budgetBytes),
    evidence,
    findings,
    tookMs,
  };
}

function warningsOf({ route, statuses }: RouteReport): string[] {
  const all = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const failed = Object.entries(statuses).filter(([status]) => isFailure(status) || status.startsWith('4'));
  const count = failed.reduce((sum, [, times]) => sum + times, 0);
  if (count === 0) return [];
  const told = failed.map(([status, times]) => `${times} × ${status}`).join(', ');
  return [
    `'${route}': ${count} of ${all} requests were not answered well (${told}): what was measured may be something else`,
  ];
}

function isFailure(status: string): boolean {
  return !/^[1-4]\d\d$/.test(status);
}

/** What one route cannot be blamed for. */
function isAboutAll(error: unknown): boolean {
  return error instanceof CliError && ['EBB_CLI_SOAK_NO_AGENT', 'EBB_CLI_SOAK_SEVERAL'].includes(error.code);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EBB_CLI_INTERNAL';
}

function nextOf(error: unknown): string | null {
  return error instanceof Error && 'next' in error && typeof error.next === 'string' ? error.next : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const rounded = (bytes: number): number => Math.round(bytes * 10) / 10;
