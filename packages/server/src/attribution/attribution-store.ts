import type { Kysely, Transaction } from 'kysely';
import { changesBetween } from '../store/changes.ts';
import { databaseError } from '../store/database-error.ts';
import type { Database } from '../store/database.ts';
import { tellOnce } from '../store/incident-events.ts';
import type { IncidentRow, Schema } from '../store/schema.ts';
import { proveActions } from './action-proofs.ts';
import { judgeChanges, usualMs, type Judged } from './judged.ts';
import { readLives } from './life-reader.ts';
import type { ToldChange } from './steps.ts';
import { readServed } from './served.ts';
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

  /**
   * Judges the changes of an incident's service, from what is in the database now; null where nothing leaks, or too little is
   * known to tell. Nothing is written.
   */
  async judge(
    { service_id: serviceId, opened_ms: openedMs }: Pick<IncidentRow, 'service_id' | 'opened_ms'>,
    nowMs: number,
  ): Promise<Judged | null> {
    const changes = await this.#changes(serviceId, openedMs, nowMs);
    const lives = await readLives(this.#database.query, serviceId, nowMs);
    const served = await readServed(this.#database.query, serviceId, openedMs - usualMs);
    return judgeChanges({ changes, lives, served, openedMs }, nowMs);
  }

  /** Changes of a service, oldest first. */
  async #changes(serviceId: number, openedMs: number, nowMs: number): Promise<ToldChange[]> {
    const times = { fromMs: openedMs - changesBeforeMs, toMs: nowMs + 1, most: mostChanges };
    const rows = await changesBetween(this.#database.query, serviceId, times);
    return rows.map(({ id, time_ms: timeMs, kind, summary, version, revision }) => ({
      id,
      timeMs,
      kind,
      summary,
      version,
      revision,
    }));
  }

  /** What is known; null while nothing is. */
  async find(incidentId: number): Promise<ToldAttribution | null> {
    return await attributionOf(this.#database.query, incidentId);
  }

  /** Tells on timelines what actions came to that brought no other version. */
  async proveActions(nowMs: number): Promise<void> {
    await proveActions(this.#database, nowMs);
  }

  /**
   * Writes down what is known, and on the timeline what is new.
   *
   * @throws {ServerError} EBB_SERVER_DATABASE when the database does not take it
   */
  async write(incidentId: number, judged: Judged): Promise<void> {
    const { query } = this.#database;
    const write = query.transaction().execute(async (db) => {
      await writeAttribution(db, incidentId, judged);
    });
    await write.catch((error: unknown) => {
      throw databaseError(error);
    });
  }
}

/** What is known of the changes behind an incident; null while nothing is. */
export async function attributionOf(db: Kysely<Schema>, incidentId: number): Promise<ToldAttribution | null> {
  const row = await db
    .selectFrom('attributions')
    .select('told')
    .where('incident_id', '=', incidentId)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.told) as ToldAttribution);
}

/** Writes down what is known, within what somebody else writes. */
export async function writeAttribution(
  db: Transaction<Schema>,
  incidentId: number,
  { told, notes }: Judged,
): Promise<void> {
  const row = { judged_ms: told.judgedMs, advice: told.advice ?? '', told: JSON.stringify(told) };
  await db
    .insertInto('attributions')
    .values({ incident_id: incidentId, ...row })
    .onConflict((conflict) => conflict.column('incident_id').doUpdateSet(row))
    .execute();
  await tellOnce(db, incidentId, notes);
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
