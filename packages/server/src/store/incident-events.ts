import type { Kysely } from 'kysely';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import { appendNews } from './news.ts';
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
  if (made === undefined) return;
  const { service_id: serviceId } = await db
    .selectFrom('incidents')
    .select('service_id')
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow();
  await appendNews(db, [{ kind: 'incident', serviceId, told: { incidentId, kind, timeMs, text } }]);
}
