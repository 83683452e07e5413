/** Actions and their runners in the database; every change of an action stands on the incident's timeline, too. */
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import type { Schema } from '../store/schema.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { ActionKind, ActionState, ActionStep } from './action.ts';
import { planName, type Plan } from './plan.ts';
import type { ActionRow } from './tables.ts';

/** A runner that is silent for longer has given up. */
const leaseMs = 60_000;
/** A runner that asked for work this long ago still counts as there. */
const runnerMs = 60_000;
/** What is kept of steps; a restart of more processes is told without the rest. */
const mostSteps = 1000;

/** An order that is to be written. */
export interface NewAction {
  serviceId: number;
  plan: Plan;
  why: string;
  orderedBy: string;
  automatic: boolean;
}

/** Who asks for work. */
export interface RunnerTold {
  name: string;
  service: string;
  kinds: readonly ActionKind[];
  executor: string;
}

/** Actions, from their order to their end. */
export class ActionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Newest first; of a service or of an incident, or all. */
  async list(wanted: { serviceId?: number; incidentId?: number; most: number }): Promise<ActionRow[]> {
    let query = this.#database.query.selectFrom('actions').selectAll();
    if (wanted.serviceId !== undefined) query = query.where('service_id', '=', wanted.serviceId);
    if (wanted.incidentId !== undefined) query = query.where('incident_id', '=', wanted.incidentId);
    return await query.orderBy('id', 'desc').limit(wanted.most).execute();
  }

  async find(id: number): Promise<ActionRow | undefined> {
    return await this.#database.query.selectFrom('actions').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The action of a service that is not over. */
  async pending(serviceId: number): Promise<ActionRow | undefined> {
    return await pendingOf(this.#database.query, serviceId);
  }

  /** All actions that are not over. */
  async allPending(): Promise<ActionRow[]> {
    return await this.#database.query
      .selectFrom('actions')
      .selectAll()
      .where('state', 'in', ['ordered', 'running'])
      .orderBy('id')
      .execute();
  }

  /** The last of each service that was to go to another version, if it ended in a stretch of time: done, as is said, or not. */
  async versionsChanged(fromMs: number, toMs: number): Promise<ActionRow[]> {
    return await this.#database.query
      .selectFrom('actions as a')
      .selectAll()
      .where('state', 'in', ['done', 'failed', 'unclear'])
      .where('started_ms', 'is not', null)
      .where('version', 'is not', null)
      // What runs now is the doing of the last one.
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('actions as b')
              .select('b.id')
              .whereRef('b.service_id', '=', 'a.service_id')
              .whereRef('b.id', '>', 'a.id')
              .where('b.version', 'is not', null)
              .where('b.started_ms', 'is not', null),
          ),
        ),
      )
      .where('ended_ms', '>=', fromMs)
      .where('ended_ms', '<', toMs)
      .execute();
  }

  /** How many were ordered since then; those that were cancelled before they began cost nothing. */
  async used(serviceId: number, sinceMs: number): Promise<number> {
    const { rows } = await this.#database.query
      .selectFrom('actions')
      .select((select) => select.fn.countAll<number>().as('rows'))
      .where('service_id', '=', serviceId)
      .where('ordered_ms', '>', sinceMs)
      .where((where) => where.or([where('state', '!=', 'cancelled'), where('started_ms', 'is not', null)]))
      .executeTakeFirstOrThrow();
    return rows;
  }

  /** Those who asked for work of the service in the last minute. */
  async runners(service: string, nowMs: number): Promise<(Omit<RunnerTold, 'service'> & { seenMs: number })[]> {
    const rows = await this.#database.query
      .selectFrom('action_runners')
      .selectAll()
      .where('service', '=', service)
      .where('seen_ms', '>=', nowMs - runnerMs)
      .orderBy('name')
      .execute();
    return rows.map(({ name, kinds, executor, seen_ms: seenMs }) => ({
      name,
      executor,
      kinds: JSON.parse(kinds) as ActionKind[],
      seenMs,
    }));
  }

  /** Writes an order; undefined when another action of the service is not over by now. */
  async order(
    { serviceId, plan, why, orderedBy, automatic }: NewAction,
    nowMs: number,
  ): Promise<ActionRow | undefined> {
    return await this.#change(serviceId, async (db) => {
      if ((await pendingOf(db, serviceId)) !== undefined) return undefined;
      const incidentId = await openIncidentOf(db, serviceId);
      const row = await db
        .insertInto('actions')
        .values({
          service_id: serviceId,
          incident_id: incidentId,
          kind: plan.kind,
          state: 'ordered',
          targets: JSON.stringify(plan.targets),
          version: plan.version,
          subject: plan.subject,
          least_serving: plan.leastServing,
          why,
          ordered_ms: nowMs,
          ordered_by: orderedBy,
          automatic: automatic ? 1 : 0,
          runner: null,
          started_ms: null,
          lease_until_ms: null,
          stop_reason: null,
          ended_ms: null,
          outcome: null,
          steps: '[]',
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const what = planName(plan);
      await note(db, row, 'action-ordered', `${what}, ordered by ${orderedBy}: ${why}`, nowMs);
      return row;
    });
  }

  /** Notes that the runner is there, and gives it the oldest order that it can carry out. */
  async claim(told: RunnerTold, serviceIds: readonly number[], nowMs: number): Promise<ActionRow | undefined> {
    const { name, service, executor } = told;
    const kinds = JSON.stringify(told.kinds);
    await this.#database.query
      .insertInto('action_runners')
      .values({ name, service, kinds, executor, seen_ms: nowMs })
      .onConflict((conflict) => conflict.columns(['name', 'service']).doUpdateSet({ kinds, executor, seen_ms: nowMs }))
      .execute();
    for (const serviceId of serviceIds) {
      const claimed = await this.#change(serviceId, async (db) => {
        const row = await pendingOf(db, serviceId);
        if (row?.state !== 'ordered' || !told.kinds.includes(row.kind)) return undefined;
        const set = { state: 'running' as const, runner: name, started_ms: nowMs, lease_until_ms: nowMs + leaseMs };
        await db.updateTable('actions').set(set).where('id', '=', row.id).execute();
        await note(db, row, 'action-started', `${row.kind} by ${name} (${executor})`, nowMs);
        return { ...row, ...set };
      });
      if (claimed !== undefined) return claimed;
    }
    return undefined;
  }

  /** Keeps the lease, notes what was done; null where the runner has lost the action, and else why it is to stop. */
  async progress(
    { id, runner, steps }: { id: number; runner: string; steps: readonly ActionStep[] },
    nowMs: number,
  ): Promise<{ stopReason: string | null } | null> {
    return await this.#update(id, async (db, row) => {
      if (row.state !== 'running' || row.runner !== runner) return null;
      const all = [...(JSON.parse(row.steps) as ActionStep[]), ...steps].slice(0, mostSteps);
      const set = { steps: JSON.stringify(all), lease_until_ms: nowMs + leaseMs };
      await db.updateTable('actions').set(set).where('id', '=', id).execute();
      for (const step of steps) await note(db, row, 'action-step', step.text, nowMs);
      return { stopReason: row.stop_reason };
    });
  }

  /** It is over, as the runner says; false where the runner has lost it. */
  async end(
    { id, runner, ok, outcome }: { id: number; runner: string; ok: boolean; outcome: string },
    nowMs: number,
  ): Promise<boolean> {
    const ended = await this.#update(id, async (db, row) => {
      if (row.state !== 'running' || row.runner !== runner) return null;
      await this.#finish(db, row, ok ? 'done' : 'failed', outcome, nowMs);
      return true;
    });
    return ended === true;
  }

  /** An order that nobody has begun is cancelled; one that is under way is asked to stop before its next step. */
  async stop(id: number, reason: string, nowMs: number): Promise<'cancelled' | 'stopping' | 'over' | null> {
    return await this.#update(id, async (db, row) => {
      if (row.state === 'ordered') {
        await this.#finish(db, row, 'cancelled', reason, nowMs);
        return 'cancelled';
      }
      if (row.state !== 'running') return 'over';
      if (row.stop_reason === null) {
        await db.updateTable('actions').set({ stop_reason: reason }).where('id', '=', id).execute();
        await note(db, row, 'action-stopped', `is to stop before its next step: ${reason}`, nowMs);
      }
      return 'stopping';
    });
  }

  /** Gives up actions whose runner is silent: how far it got, nobody knows. */
  async giveUpSilent(nowMs: number): Promise<void> {
    for (const { id } of await this.allPending())
      await this.#update(id, async (db, row) => {
        if (row.state !== 'running' || (row.lease_until_ms ?? 0) >= nowMs) return;
        const done = (JSON.parse(row.steps) as ActionStep[]).length;
        const text = `${row.runner ?? 'the runner'} is silent; ${done} steps were told, and nobody knows what was done after them`;
        await this.#finish(db, row, 'unclear', text, nowMs);
      });
  }

  /** The service's incident that is open; null where none is. */
  async openIncident(serviceId: number): Promise<number | null> {
    return await openIncidentOf(this.#database.query, serviceId);
  }

  /** Tells once, on the incident that is open, that Ebb has stopped acting by itself; the incident, or null where none is. */
  async tellOnce(
    serviceId: number,
    { ref, text, kind = 'automatic-stopped' }: { ref: string; text: string; kind?: IncidentEventKind },
    nowMs: number,
  ): Promise<number | null> {
    return await this.#change(serviceId, async (db) => {
      const incidentId = await openIncidentOf(db, serviceId);
      if (incidentId === null) return null;
      const told = await db
        .selectFrom('incident_events')
        .select('id')
        .where('incident_id', '=', incidentId)
        .where('ref', '=', ref)
        .executeTakeFirst();
      if (told !== undefined) return null;
      await appendEvent(db, incidentId, { timeMs: nowMs, kind, text, ref });
      return incidentId;
    });
  }

  /** Forgets what is long over. */
  async forget(beforeMs: number): Promise<void> {
    const { query } = this.#database;
    await query.deleteFrom('actions').where('ended_ms', '<', beforeMs).execute();
    await query.deleteFrom('action_runners').where('seen_ms', '<', beforeMs).execute();
  }

  async #finish(db: Transaction<Schema>, row: ActionRow, state: ActionState, outcome: string, nowMs: number) {
    await db.updateTable('actions').set({ state, outcome, ended_ms: nowMs }).where('id', '=', row.id).execute();
    const kinds: Partial<Record<ActionState, IncidentEventKind>> = {
      done: 'action-done',
      failed: 'action-failed',
      unclear: 'action-failed',
      cancelled: 'action-cancelled',
    };
    const kind = kinds[state];
    if (kind !== undefined) await note(db, row, kind, `${row.kind}: ${outcome}`, nowMs);
  }

  async #update<T>(id: number, change: (db: Transaction<Schema>, row: ActionRow) => Promise<T>): Promise<T | null> {
    const found = await this.find(id);
    if (found === undefined) return null;
    return await this.#change(found.service_id, async (db) => {
      const row = await db.selectFrom('actions').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : await change(db, row);
    });
  }

  /** One change of a service's actions at a time, also by two servers. */
  async #change<T>(serviceId: number, work: (db: Transaction<Schema>) => Promise<T>): Promise<T> {
    const { query, engine } = this.#database;
    return await query.transaction().execute(async (db) => {
      if (engine === 'postgres')
        await db.selectFrom('services').select('id').where('id', '=', serviceId).forUpdate().execute();
      return await work(db);
    });
  }
}

async function openIncidentOf(db: Kysely<Schema>, serviceId: number): Promise<number | null> {
  const incident = await db
    .selectFrom('incidents')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('resolved_ms', 'is', null)
    .executeTakeFirst();
  return incident?.id ?? null;
}

async function pendingOf(db: Kysely<Schema>, serviceId: number): Promise<ActionRow | undefined> {
  return await db
    .selectFrom('actions')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('state', 'in', ['ordered', 'running'])
    .executeTakeFirst();
}

/** On the timeline of the incident, where the action has one. */
async function note(
  db: Transaction<Schema>,
  { id, incident_id: incidentId }: ActionRow,
  kind: IncidentEventKind,
  text: string,
  timeMs: number,
): Promise<void> {
  if (incidentId !== null) await appendEvent(db, incidentId, { timeMs, kind, text: `action ${id}: ${text}` });
}
