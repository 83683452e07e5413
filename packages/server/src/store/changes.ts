import type { Kysely, Transaction } from 'kysely';
import { changeIdentity, type ChangeLink, type NewChange } from '../changes/change.ts';
import { databaseError } from './database-error.ts';
import type { Database } from './database.ts';
import type { ChangeRow, Schema } from './schema.ts';
import { findOrMakeService, findService } from './service-of.ts';

/** What is asked of the list of changes. */
export interface ChangesWanted {
  serviceId?: number;
  fromMs: number;
  toMs: number;
  most: number;
}

/** Changes of services: deploys, configuration, flags, versions seen in telemetry. */
export class ChangeStore {
  readonly #database: Database;
  readonly #mostServices: number;

  constructor(database: Database, { mostServices }: { mostServices: number }) {
    this.#database = database;
    this.#mostServices = mostServices;
  }

  /**
   * Stores a change; resolves when it is committed. One that was stored already changes nothing.
   *
   * @returns null where there is no room for another service
   * @throws {ServerError} EBB_SERVER_DATABASE when the database does not take it
   */
  async record(change: NewChange): Promise<{ id: number; isNew: boolean } | null> {
    const store = this.#database.query.transaction().execute(async (db) => {
      const { service, timeMs } = change;
      let serviceId: number | null;
      if (service === null) {
        // Who names no service may mean the one by whose name the change is made.
        const bySource = { service: change.source, namespace: '', environment: '' };
        serviceId = change.source === '' ? null : ((await findService(db, bySource))?.id ?? null);
      } else {
        serviceId = await findOrMakeService(db, service, { nowMs: timeMs, mostServices: this.#mostServices });
        if (serviceId === null) return null;
      }
      return await storeChange(db, serviceId, change);
    });
    return await store.catch((error: unknown) => {
      throw databaseError(error);
    });
  }

  /** Changes, newest first. */
  async list({ serviceId, fromMs, toMs, most }: ChangesWanted): Promise<ChangeRow[]> {
    let query = this.#database.query
      .selectFrom('changes')
      .selectAll()
      .where('time_ms', '>=', fromMs)
      .where('time_ms', '<', toMs);
    if (serviceId !== undefined) query = query.where('service_id', '=', serviceId);
    return await query.orderBy('time_ms', 'desc').orderBy('id', 'desc').limit(most).execute();
  }
}

/** Stores a change of a service, once. */
export async function storeChange(
  db: Transaction<Schema>,
  serviceId: number | null,
  change: NewChange,
): Promise<{ id: number; isNew: boolean }> {
  const { contentHash, slotsMs } = changeIdentity(change);
  const find = async (): Promise<number | undefined> => {
    const row = await db
      .selectFrom('changes')
      .select('id')
      .where('content_hash', '=', contentHash)
      .where('slot_ms', 'in', slotsMs)
      .executeTakeFirst();
    return row?.id;
  };
  const known = await find();
  if (known !== undefined) return { id: known, isNew: false };
  const { timeMs, kind, summary, source, version, revision, links } = change;
  const made = await db
    .insertInto('changes')
    .values({
      ...{ service_id: serviceId, time_ms: timeMs, kind, summary, source, version, revision },
      links: JSON.stringify(links),
      content_hash: contentHash,
      slot_ms: slotsMs.at(-1) ?? timeMs,
    })
    // Another server was faster.
    .onConflict((conflict) => conflict.columns(['content_hash', 'slot_ms']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return made === undefined ? { id: (await find()) ?? 0, isNew: false } : { id: made.id, isNew: true };
}

/** Changes of a service between two times, the first one first. */
export async function changesBetween(
  db: Kysely<Schema>,
  serviceId: number,
  times: { fromMs: number; toMs: number; most: number },
): Promise<ChangeRow[]> {
  const rows = await db
    .selectFrom('changes')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('time_ms', '>=', times.fromMs)
    .where('time_ms', '<', times.toMs)
    .orderBy('time_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(times.most)
    .execute();
  return rows.reverse();
}

/** The links of a change as they are told. */
export function linksOfChange(row: Pick<ChangeRow, 'links'>): ChangeLink[] {
  return JSON.parse(row.links) as ChangeLink[];
}
