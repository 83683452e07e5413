import { sql, type Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';

/** Any number of one's own: PostgreSQL's advisory locks are a database's. */
const lock = 0x65_62_62_01;

/**
 * Runs `work` in a transaction that no other server runs at the same time; undefined when another one does. In SQLite
 * all transactions are one after the other.
 */
export async function oneAtATime<T>(
  { engine, query }: Database,
  work: (db: Transaction<Schema>) => Promise<T>,
): Promise<T | undefined> {
  return await query.transaction().execute(async (db) => {
    if (engine === 'postgres') {
      const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(lock)}) as got`.execute(
        db,
      );
      if (!(rows.at(0)?.got ?? false)) return undefined;
    }
    return await work(db);
  });
}
