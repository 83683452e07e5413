/** What is forgotten of the audit log. */
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

const dayMs = 86_400_000;
/** What was done. */
const keptMs = 2 * 365 * dayMs;
/** What was refused: anybody can add to it, and must neither fill the disk nor push out what was done. */
const refusalsKeptMs = 90 * dayMs;
const mostRefusals = 200_000;

/** The action of an entry that tells what was refused. */
export const refusal = 'access.refuse';

/** Forgets refusals after ninety days, or beyond the newest 200,000; everything else after two years. */
export async function forgetAudit(db: Kysely<Schema>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('audit')
    .where((where) =>
      where.or([
        where('time_ms', '<', nowMs - keptMs),
        where.and([where('action', '=', refusal), where('time_ms', '<', nowMs - refusalsKeptMs)]),
      ]),
    )
    .execute();
  const oldest = await db
    .selectFrom('audit')
    .select('id')
    .where('action', '=', refusal)
    .orderBy('id', 'desc')
    .offset(mostRefusals)
    .limit(1)
    .executeTakeFirst();
  if (oldest !== undefined)
    await db.deleteFrom('audit').where('action', '=', refusal).where('id', '<=', oldest.id).execute();
}
