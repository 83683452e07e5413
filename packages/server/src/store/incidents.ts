import type { Transaction } from 'kysely';
import type { Decision } from '../incident/decide.ts';
import type { Level } from '../incident/level.ts';
import type { Database } from './database.ts';
import type { IncidentRow, Schema } from './schema.ts';

/** What happened in an incident. */
export interface IncidentEvent {
  timeMs: number;
  kind: 'opened' | 'raised' | 'calm' | 'back' | 'resolved';
  text: string;
}

/** Incidents and their timelines. Each change and its entry on the timeline are one transaction. */
export class IncidentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Incidents, newest first; those that are open only, or all. */
  async list(options: { open: boolean; most: number }): Promise<IncidentRow[]> {
    let query = this.#database.query.selectFrom('incidents').selectAll();
    if (options.open) query = query.where('resolved_ms', 'is', null);
    return await query.orderBy('id', 'desc').limit(options.most).execute();
  }

  /** One incident; undefined when there is none. */
  async find(id: number): Promise<IncidentRow | undefined> {
    return await this.#database.query.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** What happened in it, oldest first. */
  async timeline(id: number): Promise<IncidentEvent[]> {
    const rows = await this.#database.query
      .selectFrom('incident_events')
      .selectAll()
      .where('incident_id', '=', id)
      .orderBy('id')
      .execute();
    return rows.map(({ time_ms: timeMs, kind, text }) => ({ timeMs, kind, text }));
  }

  /**
   * Decides about a service on what is in the database now, and carries it out: two servers that see the same leak open
   * one incident.
   */
  async carryOut(
    serviceId: number,
    told: { level: Level | null; summary: string; nowMs: number },
    decide: (open: IncidentRow | null) => Decision,
  ): Promise<Decision> {
    const { engine, query } = this.#database;
    return await query.transaction().execute(async (db) => {
      const select = db
        .selectFrom('incidents')
        .selectAll()
        .where('service_id', '=', serviceId)
        .where('resolved_ms', 'is', null);
      const open = (await (engine === 'postgres' ? select.forUpdate() : select).executeTakeFirst()) ?? null;
      const decision = decide(open);
      if (decision === 'open') return await openIncident(db, serviceId, told);
      if (open !== null && decision !== 'nothing') await change(db, open, decision, told);
      return decision;
    });
  }
}

async function openIncident(
  db: Transaction<Schema>,
  serviceId: number,
  { level, summary, nowMs }: { level: Level | null; summary: string; nowMs: number },
): Promise<Decision> {
  const values = { service_id: serviceId, level: level ?? 'notice', summary, opened_ms: nowMs };
  const made = await db
    .insertInto('incidents')
    .values({ ...values, quiet_since_ms: null, resolved_ms: null })
    // Another server was faster.
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (made === undefined) return 'nothing';
  await note(db, made.id, { timeMs: nowMs, kind: 'opened', text: `${values.level}: ${summary}` });
  return 'open';
}

async function change(
  db: Transaction<Schema>,
  open: IncidentRow,
  decision: Decision,
  { level, summary, nowMs }: { level: Level | null; summary: string; nowMs: number },
): Promise<void> {
  const set = db.updateTable('incidents').where('id', '=', open.id);
  if (decision === 'calm') {
    await set.set({ quiet_since_ms: nowMs }).execute();
    await note(db, open.id, { timeMs: nowMs, kind: 'calm', text: summary });
  } else if (decision === 'resolve') {
    await set.set({ resolved_ms: nowMs }).execute();
    await note(db, open.id, { timeMs: nowMs, kind: 'resolved', text: summary });
  } else {
    const raised = decision === 'raise' && level !== null ? level : open.level;
    await set.set({ level: raised, summary, quiet_since_ms: null }).execute();
    if (decision === 'raise') await note(db, open.id, { timeMs: nowMs, kind: 'raised', text: `${raised}: ${summary}` });
    else if (open.quiet_since_ms !== null) await note(db, open.id, { timeMs: nowMs, kind: 'back', text: summary });
  }
}

async function note(db: Transaction<Schema>, incidentId: number, { timeMs, kind, text }: IncidentEvent): Promise<void> {
  await db.insertInto('incident_events').values({ incident_id: incidentId, time_ms: timeMs, kind, text }).execute();
}
