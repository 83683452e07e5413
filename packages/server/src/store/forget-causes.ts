/** What is forgotten of signals, changes, and requests by minute. */
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Signals and changes that are kept at most, the newest: who sends must not fill the disk. */
const mostKept = 200_000;

/**
 * Forgets requests by minute when samples are thinned out, which is long after what an incident does was written down;
 * signals and changes when processes that are silent are forgotten.
 */
export async function forgetCauses(
  db: Kysely<Schema>,
  nowMs: number,
  { samplesMs, hoursMs }: { samplesMs: number; hoursMs: number },
): Promise<void> {
  await db
    .deleteFrom('route_minutes')
    .where('minute_ms', '<', nowMs - samplesMs)
    .execute();
  await db
    .deleteFrom('signals')
    .where('told_ms', '<', nowMs - hoursMs)
    .execute();
  await db
    .deleteFrom('changes')
    .where('time_ms', '<', nowMs - hoursMs)
    .execute();
  for (const table of ['signals', 'changes'] as const) {
    // By the number that counts them up: no look at the others.
    const oldest = await db
      .selectFrom(table)
      .select('id')
      .orderBy('id', 'desc')
      .offset(mostKept)
      .limit(1)
      .executeTakeFirst();
    if (oldest !== undefined) await db.deleteFrom(table).where('id', '<=', oldest.id).execute();
  }
}
