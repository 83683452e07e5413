import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** What people do in an incident, and what comes after it: hypotheses, roles, postmortems, reviews, action items. */
export function postmortemMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema.alterTable('incident_events').addColumn('actor', 'text').execute();
  await db.schema.alterTable('incidents').addColumn('held_until_ms', whole).execute();
  await db.schema
    .createIndex('incidents_held')
    .on('incidents')
    .column('service_id')
    .where('held_until_ms' as never, 'is not', null)
    .execute();
  await db.schema.createIndex('incidents_by_end').on('incidents').column('resolved_ms').execute();
  await db.schema
    .createTable('hypotheses')
    .addColumn('id', ...id)
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('change_id', whole)
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since_ms', whole, (column) => column.notNull())
    .addColumn('suspected_by', 'text', (column) => column.notNull())
    .addColumn('suspected_why', 'text', (column) => column.notNull())
    .addColumn('decided_ms', whole)
    .addColumn('decided_by', 'text')
    .addColumn('decided_why', 'text')
    .execute();
  await db.schema.createIndex('hypotheses_of').on('hypotheses').column('incident_id').execute();
  await db.schema
    .createTable('incident_roles')
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('since_ms', whole, (column) => column.notNull())
    .addPrimaryKeyConstraint('incident_roles_key', ['incident_id', 'role'])
    .execute();
  await createPostmortems(db, engine);
}

async function createPostmortems(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('postmortems')
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('version', whole, (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('postmortems_key', ['incident_id', 'version'])
    .execute();
  await db.schema
    .createTable('reviews')
    .addColumn('incident_id', whole, (column) => column.notNull().primaryKey())
    .addColumn('starts_ms', whole, (column) => column.notNull())
    .addColumn('minutes', whole, (column) => column.notNull())
    .addColumn('attendees', 'text', (column) => column.notNull())
    .addColumn('sequence', whole, (column) => column.notNull())
    .addColumn('changed_ms', whole, (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('action_items')
    .addColumn('id', ...id)
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('due_ms', whole, (column) => column.notNull())
    .addColumn('tracker_url', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('ended_by', 'text')
    .addColumn('proof', 'text')
    .addColumn('reminded_ms', whole)
    .execute();
  await db.schema.createIndex('action_items_of').on('action_items').column('incident_id').execute();
  await db.schema
    .createIndex('action_items_due')
    .on('action_items')
    .column('due_ms')
    .where('ended_ms' as never, 'is', null)
    .execute();
}
