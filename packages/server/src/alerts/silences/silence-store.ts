/** Silences and maintenance windows. They are ended, never deleted, until they are long over. */
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import { matches, type Matcher, type Subject } from '../rules/matcher.ts';
import { appendEvent } from '../../store/incident-events.ts';
import type { OpenIncidents } from './open-incidents.ts';
import { spansOf, type Schedule, type Span } from './recurrence.ts';
import type { MaintenanceRow, SilenceRow } from './tables.ts';

/** A silence as it is told. */
export interface Silence {
  id: number;
  match: Matcher;
  startsMs: number;
  endsMs: number;
  why: string;
  createdMs: number;
  createdBy: string;
  endedMs: number | null;
  endedBy: string | null;
}

/** A maintenance window as it is told. */
export interface Maintenance extends Omit<Silence, 'startsMs' | 'endsMs'>, Schedule {
  /** Now or next; null when there is none any more. */
  next: Span | null;
}

/** Who does something, and when. */
export interface By {
  name: string;
  nowMs: number;
}

/** What is listed. */
export interface Listing {
  nowMs: number;
  /** Also those that are over. */
  all: boolean;
  most: number;
}

const mostRemembered = 1000;

/** Reads and writes silences. What is made and ended is told on the timelines of open incidents that it is about. */
export class SilenceStore {
  readonly #database: Database;
  readonly #open: OpenIncidents;
  /** Of maintenance windows, which never change: to work them out takes milliseconds. */
  readonly #spans = new Map<number, readonly Span[]>();

  constructor(database: Database, open: OpenIncidents) {
    this.#database = database;
    this.#open = open;
  }

  /** Silences, newest first. */
  async list({ nowMs, all, most }: Listing, db: Kysely<Schema> = this.#database.query): Promise<Silence[]> {
    let query = db.selectFrom('silences').selectAll();
    if (!all) query = query.where('ends_ms', '>', nowMs).where('ended_ms', 'is', null);
    return (await query.orderBy('id', 'desc').limit(most).execute()).map(silenceOf);
  }

  /** Maintenance windows, newest first. */
  async listMaintenance(
    { nowMs, all, most }: Listing,
    db: Kysely<Schema> = this.#database.query,
  ): Promise<Maintenance[]> {
    let query = db.selectFrom('maintenance').selectAll();
    if (!all) query = query.where('over_ms', '>', nowMs).where('ended_ms', 'is', null);
    const windows: Maintenance[] = [];
    for (const row of await query.orderBy('id', 'desc').limit(most).execute())
      windows.push(maintenanceOf(row, await this.#spansOf(row), nowMs));
    return windows;
  }

  /** Makes a silence. Its times are checked by the caller. */
  async silence(told: Pick<Silence, 'match' | 'startsMs' | 'endsMs' | 'why'>, by: By): Promise<Silence> {
    const { match, startsMs, endsMs, why } = told;
    return await this.#database.query.transaction().execute(async (db) => {
      const row = await db
        .insertInto('silences')
        .values({
          matcher: JSON.stringify(match),
          starts_ms: startsMs,
          ends_ms: endsMs,
          why,
          created_ms: by.nowMs,
          created_by: by.name,
          ended_ms: null,
          ended_by: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const until = new Date(endsMs).toISOString();
      await this.#tell(db, match, by.nowMs, `silence ${row.id} by ${by.name} until ${until}: ${why}`);
      return silenceOf(row);
    });
  }

  /**
   * Makes a maintenance window.
   *
   * @throws {RangeError} when its schedule makes no sense
   */
  async maintain(told: Schedule & Pick<Maintenance, 'match' | 'why'>, by: By): Promise<Maintenance> {
    const spans = await spansOf(told);
    const row = await this.#database.query
      .insertInto('maintenance')
      .values({
        matcher: JSON.stringify(told.match),
        starts_local: told.startsLocal,
        zone: told.zone,
        duration_ms: told.durationMs,
        rule: told.rule,
        until_ms: told.untilMs,
        over_ms: spans.at(-1)?.toMs ?? told.untilMs,
        why: told.why,
        created_ms: by.nowMs,
        created_by: by.name,
        ended_ms: null,
        ended_by: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return maintenanceOf(row, spans, by.nowMs);
  }

  /** Ends a silence or a maintenance window now. False when there is none that is not over. */
  async end(what: 'silences' | 'maintenance', id: number, by: By): Promise<boolean> {
    return await this.#database.query.transaction().execute(async (db) => {
      const ended = await db
        .updateTable(what)
        .set({ ended_ms: by.nowMs, ended_by: by.name })
        .where('id', '=', id)
        .where('ended_ms', 'is', null)
        .where(what === 'silences' ? 'ends_ms' : 'over_ms', '>', by.nowMs)
        .returning('matcher')
        .executeTakeFirst();
      if (ended === undefined) return false;
      const name = what === 'silences' ? 'silence' : 'maintenance';
      await this.#tell(db, matcherOf(ended), by.nowMs, `${name} ${id} was ended by ${by.name}`);
      return true;
    });
  }

  /** Forgets what was over before a time. */
  async forget(beforeMs: number): Promise<void> {
    await this.#database.query.deleteFrom('silences').where('ends_ms', '<', beforeMs).execute();
    await this.#database.query.deleteFrom('maintenance').where('over_ms', '<', beforeMs).execute();
  }

  async #spansOf(row: MaintenanceRow): Promise<readonly Span[]> {
    const known = this.#spans.get(row.id);
    if (known !== undefined) return known;
    if (this.#spans.size >= mostRemembered) this.#spans.clear();
    const spans = await spansOf(scheduleOf(row));
    this.#spans.set(row.id, spans);
    return spans;
  }

  async #tell(db: Transaction<Schema>, match: Matcher, nowMs: number, text: string): Promise<void> {
    for (const { id, subject } of await this.#open.list(db)) {
      if (!matches(match, subject)) continue;
      await appendEvent(db, id, { timeMs: nowMs, kind: 'silenced', text });
    }
  }
}

/** What mutes an incident now, in words; null when nothing does. */
export function mutedBy(
  subject: Subject,
  silences: readonly Silence[],
  windows: readonly Maintenance[],
  nowMs: number,
): string | null {
  const silence = silences.find(({ match, startsMs, endsMs }) => {
    return startsMs <= nowMs && nowMs < endsMs && matches(match, subject);
  });
  if (silence !== undefined) return `silence ${silence.id} by ${silence.createdBy}: ${silence.why}`;
  const window = windows.find(({ match, next }) => {
    return next !== null && next.fromMs <= nowMs && nowMs < next.toMs && matches(match, subject);
  });
  return window === undefined ? null : `maintenance ${window.id} by ${window.createdBy}: ${window.why}`;
}

function silenceOf(row: SilenceRow): Silence {
  return {
    id: row.id,
    match: matcherOf(row),
    startsMs: row.starts_ms,
    endsMs: row.ends_ms,
    why: row.why,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    endedMs: row.ended_ms,
    endedBy: row.ended_by,
  };
}

function scheduleOf(row: MaintenanceRow): Schedule {
  return {
    startsLocal: row.starts_local,
    zone: row.zone,
    durationMs: row.duration_ms,
    rule: row.rule,
    untilMs: row.until_ms,
  };
}

function maintenanceOf(row: MaintenanceRow, spans: readonly Span[], nowMs: number): Maintenance {
  return {
    id: row.id,
    match: matcherOf(row),
    ...scheduleOf(row),
    next: row.ended_ms === null ? (spans.find(({ toMs }) => toMs > nowMs) ?? null) : null,
    why: row.why,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    endedMs: row.ended_ms,
    endedBy: row.ended_by,
  };
}

function matcherOf({ matcher }: { matcher: string }): Matcher {
  return JSON.parse(matcher) as Matcher;
}
