import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** Actions, and who carries them out. */
export function responseMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('actions')
    .addColumn('id', ...id)
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('incident_id', whole)
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('targets', 'text', (column) => column.notNull())
    .addColumn('version', 'text')
    .addColumn('least_serving', whole, (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('ordered_ms', whole, (column) => column.notNull())
    .addColumn('ordered_by', 'text', (column) => column.notNull())
    .addColumn('automatic', whole, (column) => column.notNull())
    .addColumn('runner', 'text')
    .addColumn('started_ms', whole)
    .addColumn('lease_until_ms', whole)
    .addColumn('stop_reason', 'text')
    .addColumn('ended_ms', whole)
    .addColumn('outcome', 'text')
    .addColumn('steps', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('actions_of').on('actions').columns(['service_id', 'ordered_ms']).execute();
  await db.schema.createIndex('actions_in').on('actions').column('incident_id').execute();
  await db.schema.createIndex('actions_open').on('actions').column('state').execute();
  await db.schema
    .createTable('action_runners')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('kinds', 'text', (column) => column.notNull())
    .addColumn('executor', 'text', (column) => column.notNull())
    .addColumn('seen_ms', whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('action_runners_key', ['name', 'service'])
    .execute();
}
