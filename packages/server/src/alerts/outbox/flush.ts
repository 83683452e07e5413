/**
 * From notices that are due to deliveries: what is to be told to one receiver about one group goes into one message.
 * What is muted is not sent; the end of an incident goes to whoever heard of it.
 */
import type { Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';
import type { Muting } from '../silences/muting.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { NoticeRow } from './tables.ts';
import { appendEvent } from '../../store/incident-events.ts';

const mostGroups = 200;
/** Notices in a message; more go into the next one. */
const mostNotices = 100;
/** Deliveries that wait for a receiver; beyond it the oldest are given up. */
const mostWaiting = 1000;

/** What a flush needs. */
export interface FlushOptions {
  database: Database;
  incidents: OpenIncidents;
  mutingAt: (db: Transaction<Schema>, nowMs: number) => Promise<Muting>;
  now: () => number;
}

/** Makes deliveries of what is due. Returns how many. */
export async function flush({ database, incidents, mutingAt, now }: FlushOptions): Promise<number> {
  const nowMs = now();
  // Most of the time there is nothing: that is one small question, and no transaction.
  const due = await database.query
    .selectFrom('notices')
    .select('id')
    .where('state', '=', 'waiting')
    .where('due_ms', '<=', nowMs)
    .limit(1)
    .executeTakeFirst();
  if (due === undefined) return 0;
  const made = await oneAtATime(database, async (db) => {
    const groups = await db
      .selectFrom('notices')
      .select(['receiver', 'group_key'])
      .distinct()
      .where('state', '=', 'waiting')
      .where('due_ms', '<=', nowMs)
      .limit(mostGroups)
      .execute();
    if (groups.length === 0) return 0;
    const muting = await mutingAt(db, nowMs);
    let deliveries = 0;
    for (const { receiver, group_key: groupKey } of groups) {
      const rows = await db
        .selectFrom('notices')
        .innerJoin('incidents', 'incidents.id', 'notices.incident_id')
        .innerJoin('services', 'services.id', 'incidents.service_id')
        .selectAll('notices')
        .select(['name', 'namespace', 'environment'])
        .where('receiver', '=', receiver)
        .where('group_key', '=', groupKey)
        .where('state', '=', 'waiting')
        .orderBy('notices.id')
        .limit(mostNotices)
        .execute();
      const sent: NoticeRow[] = [];
      for (const row of rows) {
        const why = muting.of(row.incident_id, incidents.subjectOf(row));
        if (row.kind === 'resolved') {
          if (sent.some((other) => other.incident_id === row.incident_id) || (await wasTold(db, row))) sent.push(row);
          else await setState(db, row, 'dropped');
        } else if (why === null) sent.push(row);
        else {
          await setState(db, row, 'muted');
          await appendEvent(db, row.incident_id, {
            timeMs: nowMs,
            kind: 'silenced',
            text: `${receiver} is not told: ${why}`,
          });
        }
      }
      if (sent.length === 0) continue;
      await makeDelivery(db, sent, nowMs);
      deliveries += 1;
    }
    return deliveries;
  });
  return made ?? 0;
}

async function makeDelivery(db: Transaction<Schema>, notices: readonly NoticeRow[], nowMs: number): Promise<void> {
  const [{ id, receiver, group_key: groupKey, created_ms: createdMs }] = notices;
  const delivery = await db
    .insertInto('deliveries')
    .values({
      // A notice belongs to one delivery only: its number names it, on this database since that moment.
      key: `ebb-${id}-${createdMs.toString(36)}`,
      receiver,
      group_key: groupKey,
      kind: 'notices',
      created_ms: nowMs,
      next_ms: nowMs,
      attempts: 0,
      lease_until_ms: 0,
      lease_by: '',
      state: 'waiting',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .updateTable('notices')
    .set({ state: 'sending', delivery_id: delivery.id })
    .where(
      'id',
      'in',
      notices.map((notice) => notice.id),
    )
    .execute();
  await db
    .insertInto('notice_groups')
    .values({ receiver, group_key: groupKey, last_ms: nowMs })
    .onConflict((conflict) => conflict.columns(['receiver', 'group_key']).doUpdateSet({ last_ms: nowMs }))
    .execute();
  await giveUpOldest(db, receiver, nowMs);
}

async function giveUpOldest(db: Transaction<Schema>, receiver: string, nowMs: number): Promise<void> {
  const tooMany = await db
    .selectFrom('deliveries')
    .select('id')
    .where('receiver', '=', receiver)
    .where('state', '=', 'waiting')
    .orderBy('id', 'desc')
    .offset(mostWaiting)
    .limit(100)
    .execute();
  for (const { id } of tooMany) {
    await db.updateTable('deliveries').set({ state: 'failed' }).where('id', '=', id).execute();
    const given = await db
      .updateTable('notices')
      .set({ state: 'failed' })
      .where('delivery_id', '=', id)
      .returning('incident_id')
      .execute();
    for (const incidentId of new Set(given.map((row) => row.incident_id))) {
      const text = `${receiver} is given up: more than ${mostWaiting} messages wait for it`;
      await appendEvent(db, incidentId, { timeMs: nowMs, kind: 'not-notified', text });
    }
  }
}

async function wasTold(db: Transaction<Schema>, { incident_id: incidentId, receiver }: NoticeRow): Promise<boolean> {
  const told = await db
    .selectFrom('notices')
    .select('id')
    .where('incident_id', '=', incidentId)
    .where('receiver', '=', receiver)
    .where('kind', '!=', 'resolved')
    .where('state', 'in', ['sending', 'told', 'failed'])
    .limit(1)
    .executeTakeFirst();
  return told !== undefined;
}

async function setState(db: Transaction<Schema>, { id }: NoticeRow, state: NoticeRow['state']): Promise<void> {
  await db.updateTable('notices').set({ state }).where('id', '=', id).execute();
}
