import type { Kysely, Migration } from 'kysely';
import { columnTypes, withoutRowid, type Engine } from './column-types.ts';

/** Signals of existing monitoring, changes, requests by route and minute; what an incident comes from, and what it does. */
export function causesMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole, real } = columnTypes(engine);
  // Before, an incident was about memory always.
  await db.schema
    .alterTable('incidents')
    .addColumn('cause', 'text', (column) => column.notNull().defaultTo('memory'))
    .execute();
  await db.schema.alterTable('incidents').addColumn('impact', 'text').execute();
  await db.schema.alterTable('incident_events').addColumn('ref', 'text').execute();
  // What is told of a thing is told once, whoever looks.
  await db.schema
    .createIndex('incident_events_once')
    .on('incident_events')
    .columns(['incident_id', 'ref'])
    .unique()
    .where('ref' as never, 'is not', null)
    .execute();
  await db.schema.alterTable('processes').addColumn('restarted_ms', whole).execute();
  await db.schema.alterTable('processes').addColumn('ended_share', real).execute();
  await createSignals(db, engine);
  await db.schema
    .createTable('changes')
    .addColumn('id', ...id)
    .addColumn('service_id', whole)
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('version', 'text')
    .addColumn('revision', 'text')
    .addColumn('links', 'text', (column) => column.notNull())
    .addColumn('content_hash', 'text', (column) => column.notNull())
    .addColumn('slot_ms', whole, (column) => column.notNull())
    .addUniqueConstraint('changes_once', ['content_hash', 'slot_ms'])
    .execute();
  await db.schema.createIndex('changes_of').on('changes').columns(['service_id', 'time_ms']).execute();
  await db.schema.createIndex('changes_by_time').on('changes').column('time_ms').execute();
  const minutes = db.schema
    .createTable('route_minutes')
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('route', 'text', (column) => column.notNull())
    .addColumn('minute_ms', whole, (column) => column.notNull())
    .addColumn('requests', real, (column) => column.notNull())
    .addColumn('failed', real, (column) => column.notNull())
    .addColumn('good', real, (column) => column.notNull())
    .addColumn('clients', 'text')
    .addColumn('affected', 'text')
    // In this order: a report asks for the routes of its service in its minute.
    .addPrimaryKeyConstraint('route_minutes_key', ['service_id', 'minute_ms', 'route']);
  await (engine === 'sqlite' ? minutes.modifyEnd(withoutRowid) : minutes).execute();
  await db.schema.createIndex('route_minutes_by_time').on('route_minutes').column('minute_ms').execute();
  await db.schema
    .createTable('route_totals')
    .addColumn('process_id', whole, (column) => column.notNull().primaryKey())
    .addColumn('totals', 'text', (column) => column.notNull())
    .execute();
}

async function createSignals(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('signals')
    .addColumn('id', ...id)
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('told_start_ms', whole, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('level', 'text')
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('url', 'text')
    .addColumn('started_ms', whole, (column) => column.notNull())
    .addColumn('ended_ms', whole)
    .addColumn('told_ms', whole, (column) => column.notNull())
    .addUniqueConstraint('signals_once', ['service_id', 'source', 'key', 'told_start_ms'])
    .execute();
  await db.schema
    .createIndex('signals_open')
    .on('signals')
    .column('service_id')
    .where('ended_ms' as never, 'is', null)
    .execute();
  await db.schema.createIndex('signals_by_end').on('signals').column('ended_ms').execute();
}
