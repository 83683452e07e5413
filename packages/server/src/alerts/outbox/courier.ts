import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rounds } from '../../rounds/rounds.ts';
import { failed, type Answer } from '../channels/answer.ts';
import { refreshMs } from '../channels/alertmanager.ts';
import { attempt, type AttemptOptions } from './attempt.ts';
import { flush } from './flush.ts';
import { takeDue, leaseMs } from './lease.ts';
import { refresh } from './refresh.ts';
import { remind } from './remind.ts';
import type { DeliveryRow } from './tables.ts';
import { tidyOutbox } from './tidy.ts';

/** What the courier works with. */
export interface CourierOptions extends AttemptOptions {
  /** Forgets what else is old. */
  tidy: (nowMs: number) => Promise<void>;
  /** Told when something failed that is tried again by itself. */
  onError: (error: unknown) => void;
}

const everyMs = 500;
/** A failure that goes on, like a database that is away, is told again after so long. */
const tellErrorEveryMs = 60_000;
const remindEveryMs = 5000;
const tidyEveryMs = 10 * 60_000;
/** Attempts at once for one receiver: a slow one does not keep others from hearing. */
const mostForReceiver = 4;

/** Brings notices to their receivers, until it is stopped. Any number of couriers can work on one database. */
export class Courier {
  readonly #options: CourierOptions;
  readonly #holder: string = randomUUID();
  readonly #attempts = new Map<Promise<unknown>, string>();
  readonly #rounds: Rounds[] = [];
  #lastRoundMs: number | null = null;
  #isStopped = false;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Begins to work by itself. */
  start(): void {
    this.#every(everyMs, async () => {
      // While there is much to do, the next one begins when one has ended; one that is slow holds up nobody.
      while ((await this.round()) > 0 && !this.#isStopped)
        await Promise.race([...this.#attempts.keys(), sleep(everyMs, undefined, { ref: false })]);
    });
    this.#every(remindEveryMs, async () => await remind(this.#options));
    this.#every(refreshMs, async () => {
      const failures = await this.refreshNow();
      if (failures.length > 0) throw new Error(`open alerts could not be told again: ${failures.join('; ')}`);
    });
    this.#every(tidyEveryMs, async () => {
      const { database, now, tidy } = this.#options;
      await tidyOutbox(database, now());
      await tidy(now());
    });
  }

  /** Looks at the outbox now: there is something new in it. */
  soon(): void {
    this.#rounds.at(0)?.soon();
  }

  /** Begins nothing more, and resolves when attempts under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#rounds.map(async (rounds) => await rounds.stop()));
    await this.#settled();
  }

  /** When it looked at the outbox last, and could; null before. */
  get lastRoundMs(): number | null {
    return this.#lastRoundMs;
  }

  /** Looks once what is due, and begins to send it. Returns how many attempts began. */
  async round(): Promise<number> {
    const { database, now } = this.#options;
    await flush(this.#options);
    const underWay = [...this.#attempts.values()];
    const roomFor = (receiver: string): number => mostForReceiver - underWay.filter((name) => name === receiver).length;
    const taken = await takeDue(database, { nowMs: now(), holder: this.#holder, roomFor });
    for (const delivery of taken) {
      const running: Promise<unknown> = attempt(delivery, this.#options)
        .catch(this.#options.onError)
        .finally(() => this.#attempts.delete(running));
      this.#attempts.set(running, delivery.receiver);
    }
    this.#lastRoundMs = now();
    return taken.length;
  }

  /** For scripts of tests and for the end: does all that is due, and waits for it. */
  async drain(): Promise<void> {
    await remind(this.#options);
    while ((await this.round()) > 0) await this.#settled();
  }

  /** Tells every Alertmanager again what is open. Returns what went wrong, a line a receiver. */
  async refreshNow(): Promise<string[]> {
    return await refresh(this.#options);
  }

  /** Sends a marked test by the way that alerts take, once, and returns what the receiver answered. */
  async test(receiver: string): Promise<Answer> {
    const { database, now } = this.#options;
    const nowMs = now();
    const delivery: DeliveryRow = await database.query
      .insertInto('deliveries')
      .values({
        key: `ebb-test-${randomUUID()}`,
        receiver,
        group_key: 'test',
        kind: 'test',
        created_ms: nowMs,
        next_ms: nowMs,
        attempts: 0,
        lease_until_ms: nowMs + leaseMs,
        lease_by: this.#holder,
        state: 'waiting',
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return (await attempt(delivery, this.#options)) ?? failed('nothing was sent');
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#attempts.keys());
  }

  #every(everyMs: number, work: () => Promise<void>): void {
    let toldMs = -Infinity;
    const onError = (error: unknown): void => {
      const { now, onError: tell } = this.#options;
      if (now() - toldMs < tellErrorEveryMs) return;
      toldMs = now();
      tell(error);
    };
    this.#rounds.push(new Rounds(work, { everyMs, onError }));
  }
}
