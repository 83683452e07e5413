/**
 * The agent proper: samples this thread, tells the watcher, and does what the watcher asks.
 * Everything here is observed through Node's own interfaces; nothing of the host is changed.
 */
import { performance } from 'node:perf_hooks';
import { isMainThread, threadId } from 'node:worker_threads';
import { containerLimitBytes } from '@ebb/capture';
import type { CollectedMessage, HelloMessage, ProfiledMessage, WatcherMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { collect } from './commands.ts';
import { WatcherConnection } from './connection.ts';
import { heapLimitBytes } from './heap-limit.ts';
import { ProfileDesk } from './profiles.ts';
import { quietly } from './quietly.ts';
import { Sampler } from './sampler.ts';
import { SnapshotDesk } from './snapshots.ts';
import { WarningWatch } from './warnings.ts';

/** An agent that runs; what it has started is at its end after `stop`. */
export interface RunningAgent {
  stop(reason: string): void;
}

/**
 * Starts the agent in this thread. Never throws; undefined when it could not start.
 *
 * @param socketPath where the watcher listens
 * @param clock the host's, as it was before the host's own code
 * @param intervalMs how often to sample until the watcher says otherwise
 */
export function startAgent(socketPath: string, clock: HostClock, intervalMs = 1000): RunningAgent | undefined {
  try {
    return new Agent(socketPath, clock, intervalMs);
  } catch {
    return undefined;
  }
}

class Agent implements RunningAgent {
  readonly #clock: HostClock;
  readonly #startedAtMs: number;
  readonly #rssLimitBytes = containerLimitBytes();
  readonly #sampler: Sampler;
  readonly #connection: WatcherConnection;
  readonly #profiles: ProfileDesk;
  readonly #snapshots: SnapshotDesk;
  readonly #warnings: WarningWatch;
  #timer: NodeJS.Timeout;

  constructor(socketPath: string, clock: HostClock, intervalMs: number) {
    this.#clock = clock;
    // performance.timeOrigin is the process's; a worker starts when it is started.
    this.#startedAtMs = isMainThread ? Math.round(performance.timeOrigin) : clock.now();
    this.#sampler = new Sampler(clock, this.#rssLimitBytes);
    this.#profiles = new ProfileDesk(clock);
    this.#snapshots = new SnapshotDesk(clock, this.#sampler);
    this.#connection = new WatcherConnection({
      socketPath,
      clock,
      hello: () => this.#hello(),
      onMessage: quietly((message) => {
        this.#obey(message);
      }),
      onGiveUp: () => {
        this.stop('the watcher is away');
      },
    });
    this.#warnings = new WarningWatch((message) => {
      this.#connection.send(message);
    });
    this.#timer = this.#every(intervalMs);
    this.#tick();
  }

  stop(reason: string): void {
    this.#clock.clearInterval(this.#timer);
    this.#sampler.stop();
    this.#snapshots.stop();
    this.#profiles.stop();
    this.#warnings.stop();
    this.#connection.send({ type: 'bye', pid: process.pid, threadId, reason });
    this.#connection.stop();
  }

  #obey(message: WatcherMessage): void {
    switch (message.type) {
      case 'collect':
        this.#answer(collect(message.id, this.#clock));
        return;
      case 'snapshot':
        void this.#snapshots.take(message).then(
          quietly((answer) => {
            this.#connection.send(answer);
          }),
        );
        return;
      case 'forget':
        this.#snapshots.forget();
        return;
      case 'profile':
        this.#answer(this.#profiles.answer(message));
        return;
      case 'interval':
        this.#clock.clearInterval(this.#timer);
        this.#timer = this.#every(Math.min(600_000, Math.max(10, message.ms)));
        return;
      case 'received':
        return;
    }
  }

  #answer(message: CollectedMessage | ProfiledMessage): void {
    if (message.floor !== undefined) this.#sampler.noteFloor(message.floor);
    this.#connection.send(message);
  }

  #every(intervalMs: number): NodeJS.Timeout {
    const timer = this.#clock.setInterval(
      quietly(() => {
        this.#tick();
      }),
      intervalMs,
    );
    return timer.unref();
  }

  #tick(): void {
    this.#connection.dropWhenStuck();
    this.#connection.send(this.#sampler.take(this.#connection.droppedMessages));
  }

  #hello(): HelloMessage {
    return {
      type: 'hello',
      pid: process.pid,
      ppid: process.ppid,
      threadId,
      nodeVersion: process.version,
      execPath: process.execPath,
      // Some programs are given whole documents as arguments.
      argv: process.argv.slice(0, 64).map((argument) => argument.slice(0, 256)),
      cwd: currentDirectory(),
      heapLimitBytes: heapLimitBytes(),
      rssLimitBytes: this.#rssLimitBytes,
      startedAtMs: this.#startedAtMs,
    };
  }
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // The directory has been removed.
    return '';
  }
}
