import type { Database } from '../../store/database.ts';

const keptMs = 30 * 86_400_000;

/** Forgets what was told a month ago: notices, deliveries, and the log of their attempts. What still waits stays. */
export async function tidyOutbox({ query }: Database, nowMs: number): Promise<void> {
  const beforeMs = nowMs - keptMs;
  const old = query
    .selectFrom('deliveries')
    .select('id')
    .where('created_ms', '<', beforeMs)
    .where('state', '!=', 'waiting');
  await query.deleteFrom('delivery_attempts').where('delivery_id', 'in', old).execute();
  await query
    .deleteFrom('notices')
    .where('created_ms', '<', beforeMs)
    .where('state', 'not in', ['waiting', 'sending'])
    // Who was told of an incident that is still open has to hear of its end.
    .where('incident_id', 'not in', (db) => db.selectFrom('incidents').select('id').where('resolved_ms', 'is', null))
    .execute();
  await query.deleteFrom('deliveries').where('created_ms', '<', beforeMs).where('state', '!=', 'waiting').execute();
  await query.deleteFrom('notice_groups').where('last_ms', '<', beforeMs).execute();
}
