import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** Commits that may have brought what an incident is about. */
export function commitsMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { whole } = columnTypes(engine);
  await db.schema
    .createTable('incident_commits')
    .addColumn('incident_id', whole, (column) => column.primaryKey())
    .addColumn('told_ms', whole, (column) => column.notNull())
    .addColumn('told_by', 'text', (column) => column.notNull())
    .addColumn('told', 'text', (column) => column.notNull())
    .execute();
}
