/** All that an outage needs: a real cluster under real load, a server, a pager, monitoring, and somebody at a shell. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoad, type RunningLoad } from '../load/load.ts';
import type { Release } from '../release.ts';
import { beside } from './beside.ts';
import { callEbb, startEbb, type Called } from './ebb.ts';
import { tellFleet } from './fleet-order.ts';
import { startMonitoring, type Monitoring } from './monitoring.ts';
import { openPager, type Page } from './pager.ts';
import { startFleet, type RunningFleet } from './running-fleet.ts';
import { startOutageServer, type OutageServer } from './server.ts';

/** How it is set. */
export interface StageOptions {
  readonly requestsPerSecond: number;
  /** Told what happens, as it happens. */
  readonly say: (line: string) => void;
}

const longestLoadMs = 3_600_000;

export class Stage {
  readonly #options: StageOptions;
  readonly #folder: string;
  readonly #stops: (() => unknown)[] = [];
  readonly #pages: (Page & { atMs: number })[] = [];
  #server!: OutageServer;
  #fleet!: RunningFleet;
  #monitoring!: Monitoring;
  #load: RunningLoad | undefined;

  private constructor(folder: string, options: StageOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#stops.push(() => rm(folder, { recursive: true, force: true }));
  }

  /** Sets the stage; nothing is deployed yet. */
  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'storefront-outage-')), options);
    try {
      await stage.#set();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async #set(): Promise<void> {
    const { say } = this.#options;
    const pager = await openPager((page) => {
      this.#pages.push({ ...page, atMs: Date.now() });
      say(`  ${page.person}'s pager: ${page.text}`);
    });
    this.#onClose(() => pager.close());
    this.#server = await startOutageServer(this.#folder, pager.url);
    this.#onClose(() => this.#server.stop());
    say(`ebb up serves ${this.#server.url}`);
    this.#fleet = await startFleet(this.#folder, this.#server);
    this.#onClose(() => this.#fleet.stop());
    const runner = await startEbb(
      ['respond', '--service', 'storefront', '--', process.execPath, beside('carry-out.js')],
      { ...this.#server.environment, FLEET_SOCKET: this.#fleet.socketPath },
      /responds for/,
    );
    this.#onClose(() => runner.stop());
    this.#monitoring = startMonitoring({
      ...{ primaryPid: this.#fleet.pid, url: this.#server.url, token: this.#server.agentToken },
      onAlarm: (sentence) => {
        say(`  monitoring: ${sentence}`);
      },
    });
    this.#onClose(() => {
      this.#monitoring.stop();
    });
  }

  /** Whom the pager has rung, the first one first. */
  get pages(): readonly (Page & { atMs: number })[] {
    return this.#pages;
  }

  get serverUrl(): string {
    return this.#server.url;
  }

  /** Monitoring takes what it measures now for usual. */
  rememberUsual(): void {
    this.#monitoring.remember();
  }

  /** Deploys a release on all workers, and tells the server. With the first one customers come. */
  async deploy(release: Release, summary: string): Promise<void> {
    const { say, requestsPerSecond } = this.#options;
    const { ok, text } = await tellFleet(this.#fleet.socketPath, { action: 'deploy', version: release });
    if (!ok) throw new Error(`release ${release} could not be deployed: ${text}`);
    say(`${summary} is deployed: ${text}`);
    await this.shell('deploy', 'record', '--service', 'storefront', '--version', release, '--summary', summary);
    if (this.#load !== undefined) return;
    const load = startLoad({ url: this.#fleet.url, requestsPerSecond, maxDurationMs: longestLoadMs, seed: 1 });
    this.#load = load;
    this.#onClose(async () => {
      load.stop();
      await load.finished;
    });
    say(`customers send ${String(requestsPerSecond)} requests a second`);
  }

  /** @throws {Error} with what the command said, when it fails */
  async shell(...words: string[]): Promise<void> {
    this.#options.say(`$ ebb ${words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ')}`);
    const { exitCode, output } = await this.call(...words);
    if (exitCode !== 0) throw new Error(`ebb ${words.join(' ')} ended with ${String(exitCode)}:\n${output}`);
  }

  /** The same where it may fail. */
  async call(...words: string[]): Promise<Called> {
    return await callEbb(words, this.#server.environment);
  }

  /** Asks the server's API. */
  async ask<T>(path: string): Promise<T> {
    return await this.#server.ask<T>(path);
  }

  /** Sends the customers home, and tells how they fared. */
  async endLoad(): Promise<{ requests: number; failures: number; loggedOut: number }> {
    this.#load?.stop();
    const { requests, failures, loggedOut } = (await this.#load?.finished) ?? {
      requests: 0,
      failures: 0,
      loggedOut: 0,
    };
    return { requests, failures, loggedOut };
  }

  /** Ends all of it, the last thing first. */
  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch {
        // The others are stopped all the same.
      }
    }
  }

  #onClose(stop: () => unknown): void {
    this.#stops.push(stop);
  }
}
