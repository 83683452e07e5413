import { sql, type Transaction } from 'kysely';
import type { ServiceSignal } from '../ingest/alertmanager.ts';
import { isActive, oldestActiveMs, type ToldSignal } from '../signals/signal.ts';
import { databaseError } from './database-error.ts';
import type { Database } from './database.ts';
import type { Schema, SignalRow } from './schema.ts';
import { findOrMakeService } from './service-of.ts';

/** Signals of one service that may last at once; more are refused. */
const mostActive = 500;

/** What existing monitoring and the rows of agents tell of services beside their memory. */
export class SignalStore {
  readonly #database: Database;
  readonly #mostServices: number;

  constructor(database: Database, { mostServices }: { mostServices: number }) {
    this.#database = database;
    this.#mostServices = mostServices;
  }

  /**
   * Stores what is told, in one transaction; resolves when it is committed. What is told again changes nothing but the
   * time at which it was told; what has ended stays ended.
   *
   * @throws {ServerError} EBB_SERVER_DATABASE when the database does not take it: then nothing of it counts as taken
   */
  async record(
    signals: readonly ServiceSignal[],
    nowMs: number,
  ): Promise<{ taken: number; refused: ('services' | 'alerts')[] }> {
    const refused: ('services' | 'alerts')[] = [];
    const store = this.#database.query.transaction().execute(async (db) => {
      const active = new Map<number, number>();
      // In one order everywhere, so that two servers wait for each other and never both.
      for (const { service, signal } of inOrder(signals)) {
        const id = await findOrMakeService(db, service, { nowMs, mostServices: this.#mostServices });
        if (id === null) {
          refused.push('services');
          continue;
        }
        const known = active.get(id) ?? (await countActive(db, id, nowMs));
        active.set(id, known + 1);
        if (known >= mostActive && !(await isKnown(db, id, signal))) refused.push('alerts');
        else await storeSignal(db, id, signal, nowMs);
      }
    });
    await store.catch((error: unknown) => {
      throw databaseError(error);
    });
    return { taken: signals.length - refused.length, refused };
  }

  /** The services of which something lasts that somebody may have to look at. */
  async servicesWithSignals(nowMs: number): Promise<number[]> {
    const rows = await this.#database.query
      .selectFrom('signals')
      .select('service_id')
      .distinct()
      .where('ended_ms', 'is', null)
      .where('source', '=', 'alertmanager')
      .where('kind', '<>', 'other')
      .where('level', 'is not', null)
      .where('told_ms', '>', oldestActiveMs(nowMs))
      .execute();
    return rows.map(({ service_id: serviceId }) => serviceId);
  }

  /** The signals of a service that lasted at some moment since a time, the first one first. */
  async ofService(serviceId: number, sinceMs: number, untilMs: number): Promise<SignalRow[]> {
    return await signalsSince(this.#database.query, serviceId, sinceMs, untilMs);
  }
}

/** The signals that last now, of those that were read. */
export function activeSignals(rows: readonly SignalRow[], nowMs: number): SignalRow[] {
  return rows.filter(({ source, ended_ms: endedMs, told_ms: toldMs }) => isActive({ source, endedMs, toldMs }, nowMs));
}

/** See {@link SignalStore.ofService}. */
export async function signalsSince(
  db: Transaction<Schema> | Database['query'],
  serviceId: number,
  sinceMs: number,
  untilMs: number,
): Promise<SignalRow[]> {
  return await db
    .selectFrom('signals')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('started_ms', '<=', untilMs)
    .where((where) =>
      where.or([
        where('ended_ms', '>=', sinceMs),
        where.and([
          where('ended_ms', 'is', null),
          where.or([where('source', '=', 'agents'), where('told_ms', '>', oldestActiveMs(sinceMs))]),
        ]),
      ]),
    )
    .orderBy('id')
    .limit(2 * mostActive)
    .execute();
}

/** Stores a signal, or that it was told again, or that it ended. */
export async function storeSignal(
  db: Transaction<Schema>,
  serviceId: number,
  signal: ToldSignal,
  nowMs: number,
): Promise<void> {
  const { source, key, kind, level, title, text, url } = signal;
  await db
    .insertInto('signals')
    .values({
      ...{ service_id: serviceId, source, key, kind, level, title, text, url },
      told_start_ms: signal.toldStartMs,
      started_ms: signal.startedMs,
      ended_ms: signal.endedMs,
      told_ms: nowMs,
    })
    .onConflict((conflict) =>
      conflict.columns(['service_id', 'source', 'key', 'told_start_ms']).doUpdateSet((set) => ({
        told_ms: nowMs,
        // A firing that comes late, or again, does not open what was resolved.
        ended_ms: set.fn.coalesce('signals.ended_ms', 'excluded.ended_ms'),
      })),
    )
    .execute();
}

/** Ends what agents' rows no longer show; what they show is stored by {@link storeSignal}. */
export async function endSignals(db: Transaction<Schema>, ids: readonly number[], nowMs: number): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('signals').set({ ended_ms: nowMs }).where('id', 'in', ids).execute();
}

async function countActive(db: Transaction<Schema>, serviceId: number, nowMs: number): Promise<number> {
  const { count } = await db
    .selectFrom('signals')
    .select(sql<number>`count(*)`.as('count'))
    .where('service_id', '=', serviceId)
    .where('ended_ms', 'is', null)
    .where('told_ms', '>', oldestActiveMs(nowMs))
    .executeTakeFirstOrThrow();
  return count;
}

async function isKnown(db: Transaction<Schema>, serviceId: number, signal: ToldSignal): Promise<boolean> {
  const row = await db
    .selectFrom('signals')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('source', '=', signal.source)
    .where('key', '=', signal.key)
    .where('told_start_ms', '=', signal.toldStartMs)
    .executeTakeFirst();
  return row !== undefined;
}

function inOrder(signals: readonly ServiceSignal[]): ServiceSignal[] {
  const keyOf = ({ service, signal }: ServiceSignal): string =>
    JSON.stringify([service.service, service.namespace, service.environment, signal.key]);
  return [...signals].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
