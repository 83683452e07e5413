/**
 * Ends a process without failing a request: not ready any more, `Connection: close` on every answer, no new connections,
 * requests in flight finished, connections that stay idle ended, exit code 0. All of it within a limit.
 *
 * Where other processes serve the same address and take connections (`handover.ts`), they are given away instead, and
 * clients notice nothing. Elsewhere there is something that this cannot do: a connection that waits in the kernel's queue
 * when a lone process stops listening is refused, and a request that a client sends in the very moment in which its
 * connection is ended is lost. The first needs another process that listens (a cluster, PM2 in cluster mode, a balancer and
 * `graceMs`); the second happens only to clients that were idle for `idleMs`, or take no notice of `Connection: close`.
 */
import type { Server } from 'node:net';
import { constants } from 'node:os';
import { giveToParent, handoverOf, take } from './handover.ts';
import { Siblings } from './siblings.ts';
import { type Early, Traffic } from './traffic.ts';

/** When to drain, and how long it may take. */
export interface DrainOptions {
  /** Signals on which to drain and exit, such as `['SIGTERM']`; none unless they are named. */
  signals?: readonly NodeJS.Signals[];
  /** Whether to drain and exit on a message from the parent: `{ type: 'ebb:drain' }`, or PM2's `'shutdown'`. */
  messages?: boolean;
  /** Servers that may not have been reached by anybody yet; others are found. */
  servers?: readonly Server[];
  /** From the order to the exit at the most; default 30,000. */
  limitMs?: number;
  /** How long to stay reachable while not ready, so that a balancer takes notice; default 0. */
  graceMs?: number;
  /** How long a connection must be idle to be ended; default 5000, as Node's own `keepAliveTimeout`. */
  idleMs?: number;
  /** The process is not ready any more. What it throws is told in the outcome. */
  onDraining?: () => void;
  /** All requests are answered: the place to close databases. Counts towards the limit. */
  onDrained?: (outcome: DrainOutcome) => void | Promise<void>;
}

/** What became of a drain. */
export interface DrainOutcome {
  tookMs: number;
  /** Requests that were in flight when it was ordered, or came after. */
  requests: number;
  /** Requests that were not answered within the limit. */
  cutRequests: number;
  /** What went wrong in the host's own callbacks. */
  problems: string[];
}

/** A drain that is armed. */
export interface Drainer {
  /** False from the order on: what a readiness probe should answer. */
  readonly ready: boolean;
  /** Drains now, and does not exit. Told again, it is the same drain. */
  drain(): Promise<DrainOutcome>;
  /** Disarms it; a drain that goes on goes on. */
  stop(): void;
}

const lookEveryMs = 20;

/**
 * Arms a drain of this process. From now on its servers are followed (a few microseconds a request); before, nothing is.
 *
 * @throws {RangeError} when a time is no number of milliseconds, or a signal cannot be listened to
 */
export function armDrain(options: DrainOptions = {}): Drainer {
  return armDrainWith([], options);
}

/** As {@link armDrain}, with what the channels told before. */
export function armDrainWith(early: Early, options: DrainOptions): Drainer {
  const { limitMs = 30_000, graceMs = 0, idleMs = 5000 } = options;
  for (const [name, value] of Object.entries({ limitMs, graceMs, idleMs }))
    if (!(Number.isFinite(value) && value >= 0 && value <= 86_400_000))
      throw new RangeError(`${name} is a number of milliseconds up to a day, not ${String(value)}`);
  return new ArmedDrain(early, { ...options, limitMs, graceMs, idleMs });
}

type Settled = DrainOptions & Required<Pick<DrainOptions, 'limitMs' | 'graceMs' | 'idleMs'>>;

class ArmedDrain implements Drainer {
  readonly #options: Settled;
  readonly #traffic: Traffic;
  readonly #disarm: (() => void)[] = [];
  readonly #siblings: Siblings | undefined;
  #drain: Promise<DrainOutcome> | undefined;

  constructor(early: Early, options: Settled) {
    this.#options = options;
    const exit = (): void => {
      void this.drain().then(
        () => process.exit(0),
        () => process.exit(0),
      );
    };
    for (const signal of options.signals ?? []) {
      try {
        if (!Object.hasOwn(constants.signals, signal)) throw new RangeError('there is no such signal');
        process.on(signal, exit);
      } catch (cause) {
        this.stop();
        throw new RangeError(`${signal} cannot be listened to`, { cause });
      }
      this.#disarm.push(() => process.off(signal, exit));
    }
    this.#traffic = new Traffic(() => performance.now(), early);
    this.#siblings = Siblings.listen(this.#traffic);
    if (options.messages === true) this.#disarm.push(onParent(this.#traffic, exit));
  }

  get ready(): boolean {
    return this.#drain === undefined;
  }

  drain(): Promise<DrainOutcome> {
    this.#drain ??= this.#run();
    return this.#drain;
  }

  stop(): void {
    for (const disarm of this.#disarm) disarm();
    if (this.#drain !== undefined) return;
    this.#siblings?.stop();
    this.#traffic.stop();
  }

  async #run(): Promise<DrainOutcome> {
    const { limitMs, graceMs, servers = [], onDraining, onDrained } = this.#options;
    const startedMs = performance.now();
    const leftMs = (): number => limitMs - (performance.now() - startedMs);
    const problems: string[] = [];
    const attempt = async (callback: () => void | Promise<void>): Promise<void> => {
      try {
        await callback();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    };
    const before = this.#traffic.begun - this.#traffic.inFlight;
    if (this.#siblings !== undefined && !this.#traffic.isGivenAway)
      this.#traffic.giveAway(await this.#siblings.takers());
    this.#traffic.closeAfterAnswers();
    // Not ready yet by `this.#drain` where a callback asks: it is assigned when this function first waits.
    await attempt(() => Promise.resolve().then(() => onDraining?.()));
    if (graceMs > 0) await delay(Math.max(0, Math.min(graceMs, leftMs())));
    this.#traffic.stopListening(servers);
    await this.#untilQuiet(leftMs);
    const outcome = (): DrainOutcome => ({
      tookMs: performance.now() - startedMs,
      requests: this.#traffic.begun - before,
      cutRequests: this.#traffic.inFlight,
      problems,
    });
    await Promise.race([attempt(() => onDrained?.(outcome())), delay(Math.max(0, leftMs()))]);
    this.#siblings?.stop();
    this.#traffic.stop();
    return outcome();
  }

  /** Until no request is in flight and nobody is likely to send one, or the limit is reached. */
  async #untilQuiet(leftMs: () => number): Promise<void> {
    const { idleMs } = this.#options;
    let silentMs: number | undefined;
    while (leftMs() > 0) {
      this.#traffic.giveIdle();
      const noneKnown = this.#traffic.endIdle(idleMs);
      if (noneKnown && this.#traffic.inFlight === 0 && this.#siblings?.isTaking !== true) {
        if ((await this.#traffic.countConnections()) === 0) return;
        // Connections that have never sent anything, or speak something else by now (WebSocket).
        silentMs ??= performance.now();
        if (performance.now() - silentMs >= idleMs) return;
      } else silentMs = undefined;
      await delay(Math.max(0, Math.min(lookEveryMs, leftMs())));
    }
  }
}

/**
 * Listens to the parent, if there is one: to the order, to what connections it could take, to those that are given to it. A
 * channel that only Ebb listens to does not keep the process alive.
 */
function onParent(traffic: Traffic, drain: () => void): () => void {
  const answer = (told: object): void => {
    process.send?.({ ...told, pid: process.pid }, undefined, {}, () => undefined);
  };
  const hear = (message: unknown, handle: unknown): void => {
    const given = handoverOf(message, handle);
    if (given !== null) {
      take(given.socket, traffic.serverAt(given.told.address));
      return;
    }
    const { type, addresses } = (message ?? {}) as { type?: unknown; addresses?: unknown };
    if (type === 'ebb:takes') answer({ type: 'ebb:takes', addresses: traffic.addresses() });
    if (message !== 'shutdown' && type !== 'ebb:drain') return;
    // The one who ordered it is told that somebody listens.
    answer({ type: 'ebb:draining' });
    if (Array.isArray(addresses)) traffic.giveAway({ give: giveToParent, addresses: addresses.map(String) });
    drain();
  };
  process.on('message', hear);
  const channel = process.channel as { unrefCounted?: () => void } | null | undefined;
  channel?.unrefCounted?.();
  return () => {
    process.off('message', hear);
  };
}

async function delay(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
