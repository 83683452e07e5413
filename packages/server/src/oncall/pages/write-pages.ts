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

/** Writes a delivery of a page to one of the person's ways. */
export async function writeDelivery(
  db: Transaction<Schema>,
  told: {
    key: string;
    receiver: string;
    incidentId: number;
    pageId: number;
    kind: 'page' | 'page-over';
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
export async function tellOver(
  db: Transaction<Schema>,
  { incidentId, version, nowMs }: Omit<PageContext, 'openedMs'>,
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
  for (const { receiver, key, page_id: pageId } of receivers.values()) {
    if (pageId === null) continue;
    const told = { key: `${key}-over-${version}-${receiver.split('/')[1] ?? ''}`, receiver, incidentId, pageId, nowMs };
    await writeDelivery(db, { ...told, kind: 'page-over' });
  }
}
