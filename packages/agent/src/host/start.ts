/**
 * The agent proper: samples this thread, tells the watcher, and does what the watcher asks.
 * Everything here is observed through Node's own interfaces; nothing of the host is changed.
 */
import { performance } from 'node:perf_hooks';
import { isMainThread, threadId } from 'node:worker_threads';
import { containerLimitBytes } from '@ebb/capture';
import type { CollectedMessage, HelloMessage, ProfiledMessage, WatcherMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { bringSourceMaps, collect } from './commands.ts';
import { WatcherConnection } from './connection.ts';
import { heapLimitBytes } from './heap-limit.ts';
import { tellingInstance } from './own-thread.ts';
import { ProfileDesk } from './profiles.ts';
import { quietly } from './quietly.ts';
import { Sampler } from './sampler.ts';
import { SnapshotDesk } from './snapshots.ts';
import { WarningWatch } from './warnings.ts';
import { WatchedRecord } from './watched-record.ts';

/** How an agent is to run. */
export interface AgentOptions {
  /** How often to sample until the watcher says otherwise; default 1000. */
  intervalMs?: number;
  /** See `ConnectionOptions`. */
  retryDelaysMs?: readonly number[];
  /** Called once, when the agent has ended all that it had begun; `lost` when its watcher went without a word. */
  onStopped?: (how: 'asked' | 'lost') => void;
}

/** An agent that runs; what it has started is at its end after `stop`. */
export interface RunningAgent {
  stop(reason: string): void;
}

/**
 * Starts the agent in this thread. Never throws; undefined when it could not start.
 *
 * @param socketPath where the watcher listens
 * @param clock the host's, as it was before the host's own code
 */
export function startAgent(socketPath: string, clock: HostClock, options: AgentOptions = {}): RunningAgent | undefined {
  try {
    return new Agent(socketPath, clock, options);
  } catch {
    return undefined;
  }
}

class Agent implements RunningAgent {
  readonly #clock: HostClock;
  readonly #startedAtMs: number;
  readonly #rssLimitBytes = containerLimitBytes();
  readonly #record: WatchedRecord;
  readonly #sampler: Sampler;
  readonly #connection: WatcherConnection;
  readonly #profiles: ProfileDesk;
  readonly #snapshots: SnapshotDesk;
  readonly #warnings: WarningWatch;
  readonly #onStopped: (how: 'asked' | 'lost') => void;
  #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(socketPath: string, clock: HostClock, options: AgentOptions) {
    this.#clock = clock;
    this.#onStopped = quietly(options.onStopped ?? ((): void => undefined));
    // performance.timeOrigin is the process's; a worker starts when it is started.
    this.#startedAtMs = isMainThread ? Math.round(performance.timeOrigin) : clock.now();
    this.#record = new WatchedRecord(clock);
    this.#sampler = new Sampler(clock, this.#rssLimitBytes, this.#record.requests);
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
        this.#stop('the watcher is away', 'lost');
      },
      retryDelaysMs: options.retryDelaysMs,
    });
    this.#warnings = new WarningWatch((message) => {
      this.#connection.send(message);
    });
    this.#timer = this.#every(options.intervalMs ?? 1000);
    this.#tick();
  }

  stop(reason: string): void {
    this.#stop(reason, 'asked');
  }

  /** One part that fails must not keep the others from their end. */
  #stop(reason: string, how: 'asked' | 'lost'): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#clock.clearInterval(this.#timer);
    for (const part of [this.#sampler, this.#snapshots, this.#profiles, this.#warnings, this.#record]) {
      quietly(() => {
        part.stop();
      })();
    }
    this.#connection.send({ type: 'bye', pid: process.pid, threadId, reason });
    this.#connection.stop();
    this.#onStopped(how);
  }

  #obey(message: WatcherMessage): void {
    if (this.#stopped) return;
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
      case 'profile':
        this.#answer(this.#profiles.answer(message));
        return;
      case 'source-maps':
        this.#connection.send(bringSourceMaps(message));
        return;
      case 'interval':
        this.#clock.clearInterval(this.#timer);
        this.#timer = this.#every(Math.min(600_000, Math.max(10, message.ms)));
        return;
      case 'record':
        this.#record.open(message.directory);
        return;
      case 'leave':
        this.stop('the watch is over');
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
    const sample = this.#sampler.take(this.#connection.droppedMessages);
    this.#record.add(sample);
    this.#connection.send(sample);
  }

  #hello(): HelloMessage {
    const instanceId = tellingInstance();
    return {
      ...(instanceId === undefined ? {} : { instanceId }),
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
