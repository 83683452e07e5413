import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** What is known of the changes behind an incident: it outlives the samples that it rests on. */
export function attributionMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { whole } = columnTypes(engine);
  await db.schema
    .createTable('attributions')
    .addColumn('incident_id', whole, (column) => column.primaryKey())
    .addColumn('judged_ms', whole, (column) => column.notNull())
    .addColumn('advice', 'text', (column) => column.notNull())
    .addColumn('told', 'text', (column) => column.notNull())
    .execute();
}
