/** Who tries to send what: a delivery belongs to one server for a while, and to another one if that server is gone. */
import type { Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Engine } from '../../store/migrations/index.ts';
import type { Schema } from '../../store/schema.ts';
import type { DeliveryRow } from './tables.ts';

/** Longer than an attempt can take; after a kill, another server goes on after so long. */
export const leaseMs = 30_000;

/** Who takes, when, and how many for each receiver. */
export interface Taker {
  nowMs: number;
  holder: string;
  roomFor: (receiver: string) => number;
}

/**
 * Takes deliveries that are due, some for each receiver. Those of one receiver and group go in their order: the next one
 * waits until the one before it is done.
 */
export async function takeDue({ engine, query }: Database, taker: Taker): Promise<DeliveryRow[]> {
  const { nowMs, holder, roomFor } = taker;
  const due = await query
    .selectFrom('deliveries')
    .select('receiver')
    .distinct()
    .where('state', '=', 'waiting')
    .where('next_ms', '<=', nowMs)
    .where('lease_until_ms', '<=', nowMs)
    .execute();
  const receivers = due.map(({ receiver }) => receiver).filter((receiver) => roomFor(receiver) > 0);
  // Most of the time there is nothing: that is one small question, and no transaction.
  if (receivers.length === 0) return [];
  return await query.transaction().execute(async (db) => {
    const taken: DeliveryRow[] = [];
    for (const receiver of receivers) {
      const ids = await dueFor(db, engine, { receiver, nowMs, most: roomFor(receiver) });
      if (ids.length === 0) continue;
      const rows = await db
        .updateTable('deliveries')
        .set({ lease_until_ms: nowMs + leaseMs, lease_by: holder })
        .where('id', 'in', ids)
        .returningAll()
        .execute();
      taken.push(...rows);
    }
    return taken;
  });
}

async function dueFor(
  db: Transaction<Schema>,
  engine: Engine,
  { receiver, nowMs, most }: { receiver: string; nowMs: number; most: number },
): Promise<number[]> {
  const due = db
    .selectFrom('deliveries as d')
    .select('d.id')
    .where('d.receiver', '=', receiver)
    .where('d.state', '=', 'waiting')
    .where('d.next_ms', '<=', nowMs)
    .where('d.lease_until_ms', '<=', nowMs)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('deliveries as e')
            .select('e.id')
            .where('e.state', '=', 'waiting')
            .whereRef('e.receiver', '=', 'd.receiver')
            .whereRef('e.group_key', '=', 'd.group_key')
            .whereRef('e.id', '<', 'd.id'),
        ),
      ),
    )
    .orderBy('d.next_ms')
    .orderBy('d.id')
    .limit(most);
  // Another server's are locked, and not waited for.
  const rows = await (engine === 'postgres' ? due.forUpdate('d').skipLocked() : due).execute();
  return rows.map(({ id }) => id);
}
