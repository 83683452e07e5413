import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import type { ServedMinute } from './recovery.ts';

/** Requests of all routes of a service, by the minute. */
export async function readServed(db: Kysely<Schema>, serviceId: number, fromMs: number): Promise<ServedMinute[]> {
  const rows = await db
    .selectFrom('route_minutes')
    .select(['minute_ms', 'requests', 'good'])
    .where('service_id', '=', serviceId)
    .where('route', '=', '')
    .where('minute_ms', '>=', fromMs)
    .orderBy('minute_ms')
    .execute();
  return rows.map(({ minute_ms: timeMs, requests, good }) => ({ timeMs, requests, good }));
}
