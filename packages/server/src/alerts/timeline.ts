import type { Kysely } from 'kysely';
import type { IncidentEvent } from '../store/incidents.ts';
import type { Schema } from '../store/schema.ts';

/** Adds to an incident's timeline what became of telling somebody. */
export async function tell(db: Kysely<Schema>, incidentId: number, event: IncidentEvent): Promise<void> {
  const { timeMs, kind, text } = event;
  await db.insertInto('incident_events').values({ incident_id: incidentId, time_ms: timeMs, kind, text }).execute();
}
