import type { Kysely } from 'kysely';
import { changesBetween } from '../store/changes.ts';
import { databaseError } from '../store/database-error.ts';
import type { Database } from '../store/database.ts';
import { tellOnce } from '../store/incident-events.ts';
import type { IncidentRow, Schema } from '../store/schema.ts';
import type { Note } from '../incident/notes.ts';
import { readLives } from './life-reader.ts';
import type { Life } from './life.ts';
import type { ToldChange } from './steps.ts';
import type { ServedMinute } from './recovery.ts';
import type { ToldAttribution } from './told.ts';

/** Changes so long before an incident may have brought it: slow leaks need days. */
const changesBeforeMs = 14 * 86_400_000;
const mostChanges = 60;

/** What is known of the changes behind incidents, and what it is judged by. */
export class AttributionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Changes of a service, oldest first. */
  async changes(serviceId: number, openedMs: number, nowMs: number): Promise<ToldChange[]> {
    const rows = await this.#database.query.transaction().execute(
      async (db) =>
        await changesBetween(db, serviceId, {
          fromMs: openedMs - changesBeforeMs,
          toMs: nowMs + 1,
          most: mostChanges,
        }),
    );
    return rows.map(({ id, time_ms: timeMs, kind, summary, version, revision }) => ({
      id,
      timeMs,
      kind,
      summary,
      version,
      revision,
    }));
  }

  /** The lives of its processes. */
  async lives(serviceId: number, nowMs: number): Promise<Life[]> {
    return await readLives(this.#database.query, serviceId, nowMs);
  }

  /** Requests of all its routes, by the minute. */
  async served(serviceId: number, fromMs: number): Promise<ServedMinute[]> {
    const rows = await this.#database.query
      .selectFrom('route_minutes')
      .select(['minute_ms', 'requests', 'good'])
      .where('service_id', '=', serviceId)
      .where('route', '=', '')
      .where('minute_ms', '>=', fromMs)
      .orderBy('minute_ms')
      .execute();
    return rows.map(({ minute_ms: timeMs, requests, good }) => ({ timeMs, requests, good }));
  }

  /** What is known; null while nothing is. */
  async find(incidentId: number): Promise<ToldAttribution | null> {
    const row = await this.#database.query
      .selectFrom('attributions')
      .select('told')
      .where('incident_id', '=', incidentId)
      .executeTakeFirst();
    return row === undefined ? null : (JSON.parse(row.told) as ToldAttribution);
  }

  /**
   * Writes down what is known, and on the timeline what is new.
   *
   * @throws {ServerError} EBB_SERVER_DATABASE when the database does not take it
   */
  async write(incident: IncidentRow, told: ToldAttribution, notes: readonly Note[]): Promise<void> {
    const row = { judged_ms: told.judgedMs, advice: told.advice ?? '', told: JSON.stringify(told) };
    const write = this.#database.query.transaction().execute(async (db) => {
      await db
        .insertInto('attributions')
        .values({ incident_id: incident.id, ...row })
        .onConflict((conflict) => conflict.column('incident_id').doUpdateSet(row))
        .execute();
      await tellOnce(db, incident.id, notes);
    });
    await write.catch((error: unknown) => {
      throw databaseError(error);
    });
  }
}

/** What the one on call reads first, of an incident that is open; null where nothing is known. */
export async function adviceOn(db: Kysely<Schema>, incidentId: number): Promise<string | null> {
  const row = await db
    .selectFrom('attributions')
    .select('advice')
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  return row === undefined || row.advice === '' ? null : row.advice;
}
