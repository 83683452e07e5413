import { Rounds } from '../rounds/rounds.ts';
import { tidy, type Retention } from './retention.ts';
import type { Database } from './database.ts';
import type { ReportWriter } from './report-writer.ts';

const everyMs = 10 * 60_000;

/** What the housekeeper works on. */
export interface HousekeeperOptions {
  database: Database;
  writer: ReportWriter;
  retention: Retention;
  now: () => number;
  /** Told when a run failed; the next one tries again. */
  onError: (error: unknown) => void;
}

/** Tidies the database every ten minutes, until it is stopped. */
export class Housekeeper {
  readonly #options: HousekeeperOptions;
  readonly #rounds: Rounds;
  readonly #stopped = new AbortController();

  constructor(options: HousekeeperOptions) {
    this.#options = options;
    this.#rounds = new Rounds(async () => await this.#tidy(), { everyMs, onError: options.onError });
  }

  /** Starts nothing more, and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#rounds.stop();
  }

  async #tidy(): Promise<void> {
    const { database, writer, retention, now } = this.#options;
    const { forgotten } = await tidy(database, now(), retention, this.#stopped.signal);
    if (forgotten > 0) await writer.learn();
  }
}
