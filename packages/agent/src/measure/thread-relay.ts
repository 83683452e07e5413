/**
 * How the agents in worker threads reach the one in the main thread, which knows the whole process: what their heaps
 * take (RSS holds them all), and their metrics, for Prometheus, which scrapes a process and not a thread.
 *
 * A BroadcastChannel of this process; unref'ed, and bounded by the number of threads that are remembered.
 */
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { quietly } from '../host/quietly.ts';

/** What a worker thread's agent tells now and then. */
export interface ThreadReport<Detail> {
  threadId: number;
  /** Of its heap and its external memory, as far as they are in RAM. */
  knownBytes: number;
  detail: Detail;
}

const channelName = 'ebb.agent.threads';
const maxThreads = 64;

/** In a worker thread: tells the main thread. */
export class ThreadReporter {
  readonly #channel: BroadcastChannel = openChannel();

  tell(knownBytes: number, detail: unknown): void {
    const report: ThreadReport<unknown> = { threadId, knownBytes, detail };
    this.#channel.postMessage(report);
  }

  stop(): void {
    this.#channel.close();
  }
}

/** In the main thread: the newest report of each worker thread, until it is too old to be of a living one. */
export class ThreadReports<Detail> {
  readonly #channel: BroadcastChannel = openChannel();
  readonly #reports = new Map<number, { report: ThreadReport<Detail>; heardMs: number }>();
  readonly #monotonicMs: () => number;
  readonly #forgetAfterMs: number;

  constructor(monotonicMs: () => number, forgetAfterMs: number) {
    this.#monotonicMs = monotonicMs;
    this.#forgetAfterMs = forgetAfterMs;
    this.#channel.onmessage = quietly((event: unknown) => {
      this.#hear((event as { data: ThreadReport<Detail> }).data);
    });
  }

  /** One report a thread, of threads that have been heard lately. */
  get all(): ThreadReport<Detail>[] {
    const oldestMs = this.#monotonicMs() - this.#forgetAfterMs;
    for (const [id, { heardMs }] of this.#reports) if (heardMs < oldestMs) this.#reports.delete(id);
    return [...this.#reports.values()].map(({ report }) => report);
  }

  stop(): void {
    this.#channel.close();
  }

  #hear(report: ThreadReport<Detail>): void {
    if (typeof report.threadId !== 'number' || !Number.isFinite(report.knownBytes)) return;
    // The one heard longest ago makes room.
    this.#reports.delete(report.threadId);
    this.#reports.set(report.threadId, { report, heardMs: this.#monotonicMs() });
    if (this.#reports.size <= maxThreads) return;
    for (const id of this.#reports.keys()) {
      this.#reports.delete(id);
      return;
    }
  }
}

function openChannel(): BroadcastChannel {
  const channel = new BroadcastChannel(channelName);
  channel.unref();
  return channel;
}
