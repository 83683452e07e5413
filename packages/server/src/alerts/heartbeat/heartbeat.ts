/**
 * Ebb's own sign of life, to somebody outside who raises the alarm when it does not come. It is sent only when the
 * database was really read and the courier is at work: a server that only looks alive keeps silent.
 */
import { sql } from 'kysely';
import { Rounds } from '../../rounds/rounds.ts';
import type { Database } from '../../store/database.ts';
import { urlOf, type SendOptions } from '../channels/channel.ts';
import { post } from '../channels/http-post.ts';
import type { HeartbeatRule } from '../rules/rules.ts';

/** What a heartbeat needs. */
export interface HeartbeatOptions extends SendOptions {
  database: Database;
  rule: () => HeartbeatRule | null;
  /** When the outbox was looked at last; null before. */
  lastRoundMs: () => number | null;
  /** Told when it was not sent. */
  onError: (error: unknown) => void;
}

const lookEveryMs = 1000;
/** A courier that has not looked for longer stands still. */
const mostBehindMs = 60_000;

/** Sends the sign of life as often as the rules say, until it is stopped. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #rounds: Rounds | null = null;
  #lastMs = -Infinity;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins to beat by itself. */
  start(): void {
    this.#rounds = new Rounds(async () => await this.beat(), { everyMs: lookEveryMs, onError: this.#options.onError });
  }

  /** Beats no more, and resolves when a beat under way has ended. */
  async stop(): Promise<void> {
    await this.#rounds?.stop();
  }

  /** Sends it, when it is time and everything is well. */
  async beat(): Promise<void> {
    const { database, rule, environment, timeoutMs, now, lastRoundMs } = this.#options;
    const wanted = rule();
    const nowMs = now();
    if (wanted === null || nowMs - this.#lastMs < wanted.everyMs) return;
    this.#lastMs = nowMs;
    const roundMs = lastRoundMs();
    if (roundMs === null || nowMs - roundMs > mostBehindMs)
      throw new Error('no sign of life was sent: nobody looks at the outbox');
    await sql`select count(*) from incidents where resolved_ms is null`.execute(database.query);
    const url = urlOf(wanted.url, environment);
    if (url === null) throw new Error('no sign of life was sent: the environment lacks its URL');
    const body = JSON.stringify({ format: 'ebb.heartbeat/1', timeMs: nowMs });
    const answer = await post({ url, headers: {}, body, secrets: [url, new URL(url).pathname], timeoutMs, now });
    if (!answer.ok) throw new Error(`the sign of life was not taken: ${answer.detail}`);
  }
}
