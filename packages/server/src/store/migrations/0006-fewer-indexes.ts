import { sql, type Kysely, type Migration } from 'kysely';
import type { Engine } from './column-types.ts';

/**
 * What each report writes becomes less. Times are in no index any more: what a process told is found by the process; and
 * in PostgreSQL a row whose indexed columns stay the same is rewritten in its page, if there is room (a heap-only tuple).
 */
export function fewerIndexesMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  for (const index of ['samples_by_time', 'hourly_samples_by_time', 'processes_by_last_seen'])
    await db.schema.dropIndex(index).execute();
  if (engine === 'postgres') await sql`alter table processes set (fillfactor = 60)`.execute(db);
  // Asked every two seconds: which services have a process that runs out.
  await sql`create index processes_that_run_out on processes (service_id) where verdict in ('leak', 'native')`.execute(
    db,
  );
}
