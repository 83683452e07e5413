/**
 * News for those who follow live. Every server reads it from the database, so that it does not matter which one
 * took the report, and nothing is lost with one that is killed.
 *
 * PostgreSQL gives ids before it commits: a piece may be seen later than one behind it. Ids are told in the order in
 * which they are seen; the id that a client would come back with is the mark, below which nothing is missing. So a client
 * that comes back may hear of something twice, and never not at all.
 */
import type { ServiceState } from '../judge/fleet.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { NewsRow } from '../store/schema.ts';
import type { NewsReader } from '../store/news.ts';
import type { LiveEvent } from './live-event.ts';

/** What the feed works on. */
export interface NewsFeedOptions {
  reader: NewsReader;
  /** Services as they are now; those that have no process that runs are left out. */
  states: (serviceIds: readonly number[]) => Promise<ServiceState[]>;
  now: () => number;
  /** Told when the database could not be read; the next look tries again. */
  onError: (error: unknown) => void;
}

/** Hears of what happens, event by event. */
export type Follower = (event: LiveEvent) => void;

const everyMs = 1000;
/** Old news is forgotten once in so many looks. */
const looksAPruning = 60;
/** A piece that was not seen for so long behind others was never committed. */
const settledMs = 15_000;
/** Ids that may be given and not committed yet. */
const mostUnsettled = 100;
const mostAtOnce = 1000;
/** More services at once are not told one by one: clients read them anew. */
const mostServices = 50;

/** Looks for news once a second while somebody follows. */
export class NewsFeed {
  readonly #options: NewsFeedOptions;
  readonly #followers = new Set<Follower>();
  readonly #rounds: Rounds;
  /** Pieces behind the mark that were told, and when they were seen. */
  readonly #seen = new Map<number, number>();
  #mark: number | null = null;
  #looks = 0;

  constructor(options: NewsFeedOptions) {
    this.#options = options;
    this.#rounds = new Rounds(async () => await this.#look(), { everyMs, onError: options.onError });
  }

  /**
   * Adds a follower, and resolves with what it missed since `lastId`, or a `reset` where that is not known any more: read
   * everything anew. Without a `lastId` the first event says where the feed stands.
   */
  async follow(follower: Follower, lastId: number | null): Promise<LiveEvent[]> {
    const { reader, now } = this.#options;
    this.#followers.add(follower);
    const mark = (this.#mark ??= await this.#start());
    if (lastId === null) return [{ id: mark, name: 'hello', data: { nowMs: now() } }];
    const { oldest, newest } = await reader.bounds();
    const missed = await reader.after(lastId, mostAtOnce + 1);
    if (lastId < 0 || lastId > newest || lastId < oldest - 1 || missed.length > mostAtOnce)
      return [{ id: mark, name: 'reset', data: {} }];
    let reached = lastId;
    const events = missed.map((row) => {
      if (row.id <= mark || row.id === reached + 1) reached = row.id;
      return tell(row, reached);
    });
    return [...(await this.#states(missed)), ...events];
  }

  /** The follower hears nothing more. */
  unfollow(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** Looks no more, and resolves when a look under way has ended. */
  async stop(): Promise<void> {
    this.#followers.clear();
    await this.#rounds.stop();
  }

  /** Where the feed begins: at the newest, or at one that may still come before it. */
  async #start(): Promise<number> {
    const { reader, now } = this.#options;
    const { newest } = await reader.bounds();
    const recent = await reader.after(newest - mostUnsettled, mostAtOnce);
    if (this.#mark !== null) return this.#mark;
    for (const { id } of recent) this.#seen.set(id, now());
    this.#mark = Math.max((recent[0]?.id ?? newest + 1) - 1, 0);
    this.#advance();
    return this.#mark;
  }

  async #look(): Promise<void> {
    this.#looks += 1;
    if (this.#looks % looksAPruning === 0) await this.#options.reader.prune();
    if (this.#followers.size === 0) {
      // Who comes next is told from then on.
      this.#mark = null;
      this.#seen.clear();
      return;
    }
    if (this.#mark === null) return;
    const rows = await this.#options.reader.after(this.#mark, mostAtOnce);
    const news = rows.filter(({ id }) => !this.#seen.has(id));
    const states = await this.#states(news);
    for (const event of states) this.#send(event);
    for (const row of news) {
      this.#seen.set(row.id, this.#options.now());
      this.#advance();
      this.#send(tell(row, this.#mark));
    }
    this.#advance();
  }

  #advance(): void {
    const nowMs = this.#options.now();
    for (const [id, seenMs] of [...this.#seen].sort(([a], [b]) => a - b)) {
      if (id !== (this.#mark ?? 0) + 1 && nowMs - seenMs < settledMs) break;
      this.#mark = id;
      this.#seen.delete(id);
    }
  }

  #send(event: LiveEvent): void {
    for (const follower of this.#followers) follower(event);
  }

  /** The services concerned as they are now. They come first and have no id: who misses one comes back for its news. */
  async #states(rows: readonly NewsRow[]): Promise<LiveEvent[]> {
    const ids = [...new Set(rows.map(({ service_id: id }) => id))];
    if (ids.length === 0) return [];
    if (ids.length > mostServices) return [{ id: null, name: 'reset', data: {} }];
    return (await this.#options.states(ids)).map((data) => ({ id: null, name: 'service', data }));
  }
}

function tell({ kind, service_id: serviceId, told }: NewsRow, id: number): LiveEvent {
  return { id, name: kind, data: { serviceId, ...(JSON.parse(told) as Record<string, unknown>) } };
}
