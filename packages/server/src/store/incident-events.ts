import type { Kysely, Transaction } from 'kysely';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Note } from '../incident/notes.ts';
import { appendIncidentNews } from './news.ts';
import type { Schema } from './schema.ts';

/**
 * Adds an entry to an incident's timeline, and tells those who follow live. One that tells of something (`ref`) is added
 * once. `actor` is the person who did it; null for the server itself.
 */
export async function appendEvent(
  db: Kysely<Schema>,
  incidentId: number,
  event: { timeMs: number; kind: IncidentEventKind; text: string; ref?: string | null; actor?: string | null },
): Promise<void> {
  const { timeMs, kind, text, ref = null, actor = null } = event;
  const made = await db
    .insertInto('incident_events')
    .values({ incident_id: incidentId, time_ms: timeMs, kind, text, ref, actor })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (made !== undefined) await appendIncidentNews(db, incidentId, { kind, timeMs, text });
}

/** Writes the notes that the timeline does not have yet. */
export async function tellOnce(db: Transaction<Schema>, incidentId: number, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return;
  const told = new Set(await refsOf(db, incidentId));
  for (const one of notes.filter(({ ref }) => !told.has(ref))) await appendEvent(db, incidentId, one);
}

/** What an incident's timeline tells of already. */
export async function refsOf(db: Kysely<Schema>, incidentId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('incident_events')
    .select('ref')
    .where('incident_id', '=', incidentId)
    .where('ref', 'is not', null)
    .execute();
  return rows.flatMap(({ ref }) => ref ?? []);
}
