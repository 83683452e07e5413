import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';

const keptMs = 90 * 86_400_000;

/** Forgets escalations and pages of incidents that were over three months ago, and overrides that were. */
export async function forgetPages(db: Kysely<Schema>, nowMs: number): Promise<void> {
  const beforeMs = nowMs - keptMs;
  const old = db.selectFrom('incidents').select('id').where('resolved_ms', '<', beforeMs);
  await db.deleteFrom('pages').where('incident_id', 'in', old).execute();
  await db.deleteFrom('escalations').where('incident_id', 'in', old).where('state', '=', 'over').execute();
  await db.deleteFrom('oncall_overrides').where('to_ms', '<', beforeMs).execute();
}
