/** Pages in the database: written with the change that brings them, in its transaction. */
import type { Transaction } from 'kysely';
import { appendEvent } from '../../store/incident-events.ts';
import type { Schema } from '../../store/schema.ts';

/** Who is paged, and why. */
export interface NewPage {
  person: string;
  why: string;
}

/** Of what a page is written. */
export interface PageContext {
  incidentId: number;
  openedMs: number;
  /** The version of the escalation after the change. */
  version: number;
  nowMs: number;
}

/** How a person's way is called as a receiver: `ada/1` is the first one. */
export function receiverName(person: string, channel: number): string {
  return `${person}/${channel + 1}`;
}

/** Writes a page for each, with its first delivery and its entry on the timeline. */
export async function writePages(
  db: Transaction<Schema>,
  pages: readonly NewPage[],
  context: PageContext,
): Promise<void> {
  const { incidentId, openedMs, version, nowMs } = context;
  for (const { person, why } of pages) {
    const key = `ebb-page-${incidentId}-${openedMs.toString(36)}-${version}-${person}`;
    const made = await db
      .insertInto('pages')
      .values({ key, incident_id: incidentId, person, why, version, created_ms: nowMs, state: 'waiting' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) continue;
    await dropAcknowledgements(db, { incidentId, person });
    await writeDelivery(db, {
      key: `${key}-1`,
      receiver: receiverName(person, 0),
      incidentId,
      pageId: made.id,
      kind: 'page',
      nowMs,
    });
    const ref = `escalation ${version} page ${person}`;
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: 'paged', text: `${person} is paged: ${why}`, ref });
  }
}

/** What goes by one way goes in its order, and no page waits for news that are not so urgent. */
async function dropAcknowledgements(
  db: Transaction<Schema>,
  { incidentId, person }: { incidentId: number; person: string },
): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ state: 'muted' })
    .where('kind', '=', 'page-acknowledged')
    .where('state', '=', 'waiting')
    .where('page_id', 'in', (query) =>
      query.selectFrom('pages').select('id').where('incident_id', '=', incidentId).where('person', '=', person),
    )
    .execute();
}

/** Writes a delivery of a page to one of the person's ways. */
export async function writeDelivery(
  db: Transaction<Schema>,
  told: {
    key: string;
    receiver: string;
    incidentId: number;
    pageId: number;
    kind: 'page' | 'page-acknowledged' | 'page-over';
    nowMs: number;
  },
): Promise<void> {
  await db
    .insertInto('deliveries')
    .values({
      key: told.key,
      receiver: told.receiver,
      group_key: `incident ${told.incidentId}`,
      kind: told.kind,
      created_ms: told.nowMs,
      next_ms: told.nowMs,
      attempts: 0,
      lease_until_ms: 0,
      lease_by: '',
      state: 'waiting',
      page_id: told.pageId,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** Stops pages of an incident that are still on their way. */
export async function cancelPages(db: Transaction<Schema>, incidentId: number): Promise<void> {
  const waiting = await db
    .updateTable('pages')
    .set({ state: 'cancelled' })
    .where('incident_id', '=', incidentId)
    .where('state', '=', 'waiting')
    .returning('id')
    .execute();
  if (waiting.length === 0) return;
  await db
    .updateTable('deliveries')
    .set({ state: 'muted' })
    .where('kind', '=', 'page')
    .where('state', '=', 'waiting')
    .where(
      'page_id',
      'in',
      waiting.map(({ id }) => id),
    )
    .execute();
}

/** Tells whoever was paged that it is over, by the way by which they heard of it: nothing stays open at a pager. */
export async function tellOver(db: Transaction<Schema>, context: Omit<PageContext, 'openedMs'>): Promise<void> {
  await tellAgain(db, context, 'page-over', () => true);
}

/** Tells pagers and rooms by which somebody was paged that it is acknowledged: they stop to ring, and others know it. */
export async function tellAcknowledged(
  db: Transaction<Schema>,
  context: Omit<PageContext, 'openedMs'>,
  /** Whether a way, by its name, is one of those that are told. */
  isTold: (receiver: string) => boolean,
): Promise<void> {
  await tellAgain(db, context, 'page-acknowledged', isTold);
}

async function tellAgain(
  db: Transaction<Schema>,
  { incidentId, version, nowMs }: Omit<PageContext, 'openedMs'>,
  kind: 'page-acknowledged' | 'page-over',
  isTold: (receiver: string) => boolean,
): Promise<void> {
  const heard = await db
    .selectFrom('deliveries')
    .innerJoin('pages', 'pages.id', 'deliveries.page_id')
    .select(['deliveries.receiver', 'deliveries.page_id', 'pages.key'])
    .where('incident_id', '=', incidentId)
    .where('deliveries.kind', '=', 'page')
    // Somebody has tried it: it may have come, also where nobody could write that down.
    .where('lease_by', '!=', '')
    .orderBy('deliveries.id')
    .execute();
  const receivers = new Map(heard.map((row) => [row.receiver, row]));
  const what = kind === 'page-over' ? 'over' : 'acknowledged';
  for (const { receiver, key, page_id: pageId } of receivers.values()) {
    if (pageId === null || !isTold(receiver)) continue;
    const own = `${key}-${what}-${version}-${receiver.split('/')[1] ?? ''}`;
    await writeDelivery(db, { key: own, receiver, incidentId, pageId, kind, nowMs });
  }
}
