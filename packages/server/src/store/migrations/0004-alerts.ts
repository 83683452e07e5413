import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** The outbox of notices, silences, and when processes were heard. */
export function alertsMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await createOutbox(db, engine);
  await createSilences(db, engine);
  const { whole, real } = columnTypes(engine);
  await db.schema
    .alterTable('processes')
    .addColumn('heard_ms', whole, (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('processes').addColumn('interval_ms', real).execute();
  await db.schema.alterTable('processes').addColumn('ended_ms', whole).execute();
  await db.schema
    .alterTable('incidents')
    .addColumn('reopened', whole, (column) => column.notNull().defaultTo(0))
    .execute();
}

async function createOutbox(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('notices')
    .addColumn('id', ...id)
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('receiver', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('due_ms', whole, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('delivery_id', whole)
    .execute();
  await db.schema.createIndex('notices_due').on('notices').columns(['state', 'due_ms']).execute();
  await db.schema.createIndex('notices_of').on('notices').columns(['incident_id', 'receiver']).execute();
  await db.schema.createIndex('notices_in').on('notices').column('delivery_id').execute();
  await db.schema
    .createTable('deliveries')
    .addColumn('id', ...id)
    .addColumn('key', 'text', (column) => column.notNull().unique())
    .addColumn('receiver', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('next_ms', whole, (column) => column.notNull())
    .addColumn('attempts', whole, (column) => column.notNull())
    .addColumn('lease_until_ms', whole, (column) => column.notNull())
    .addColumn('lease_by', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('deliveries_due').on('deliveries').columns(['state', 'next_ms']).execute();
  await db.schema.createIndex('deliveries_to').on('deliveries').columns(['receiver', 'state']).execute();
  await db.schema
    .createTable('delivery_attempts')
    .addColumn('id', ...id)
    .addColumn('delivery_id', whole, (column) => column.notNull())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('ok', whole, (column) => column.notNull())
    .addColumn('status', whole)
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('delivery_attempts_of').on('delivery_attempts').column('delivery_id').execute();
  await db.schema
    .createTable('notice_groups')
    .addColumn('receiver', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('last_ms', whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('notice_groups_key', ['receiver', 'group_key'])
    .execute();
}

async function createSilences(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('silences')
    .addColumn('id', ...id)
    .addColumn('matcher', 'text', (column) => column.notNull())
    .addColumn('starts_ms', whole, (column) => column.notNull())
    .addColumn('ends_ms', whole, (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('ended_by', 'text')
    .execute();
  await db.schema
    .createTable('maintenance')
    .addColumn('id', ...id)
    .addColumn('matcher', 'text', (column) => column.notNull())
    .addColumn('starts_local', 'text', (column) => column.notNull())
    .addColumn('zone', 'text', (column) => column.notNull())
    .addColumn('duration_ms', whole, (column) => column.notNull())
    .addColumn('rule', 'text')
    .addColumn('until_ms', whole, (column) => column.notNull())
    .addColumn('over_ms', whole, (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('ended_by', 'text')
    .execute();
}
