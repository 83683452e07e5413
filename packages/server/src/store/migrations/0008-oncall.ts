import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** Escalations, pages, and overrides of schedules. */
export function onCallMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('escalations')
    .addColumn('id', ...id)
    .addColumn('incident_id', whole, (column) => column.notNull().unique())
    .addColumn('policy', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('version', whole, (column) => column.notNull())
    .addColumn('step', whole, (column) => column.notNull())
    .addColumn('round', whole, (column) => column.notNull())
    .addColumn('due_ms', whole)
    .addColumn('holder', 'text')
    .addColumn('started_ms', whole, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('escalations_by_state').on('escalations').columns(['state', 'due_ms']).execute();
  await db.schema
    .createTable('pages')
    .addColumn('id', ...id)
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('person', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('version', whole, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('pages_of').on('pages').columns(['incident_id', 'state']).execute();
  await db.schema.alterTable('deliveries').addColumn('page_id', whole).execute();
  await db.schema.createIndex('deliveries_of_page').on('deliveries').column('page_id').execute();
  await db.schema
    .createTable('oncall_overrides')
    .addColumn('id', ...id)
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('people', 'text', (column) => column.notNull())
    .addColumn('from_ms', whole, (column) => column.notNull())
    .addColumn('to_ms', whole, (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('ended_by', 'text')
    .execute();
  await db.schema
    .createTable('oncall_secrets')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('secret', 'text', (column) => column.notNull())
    .execute();
}
