import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** Incidents, and what happened in each. */
export function incidentsMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('incidents')
    .addColumn('id', ...id)
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('opened_ms', whole, (column) => column.notNull())
    .addColumn('quiet_since_ms', whole)
    .addColumn('resolved_ms', whole)
    .execute();
  // One open incident for a service's memory, whoever opens it.
  await db.schema
    .createIndex('incidents_open')
    .on('incidents')
    .column('service_id')
    .unique()
    .where('resolved_ms' as never, 'is', null)
    .execute();
  await db.schema
    .createTable('incident_events')
    .addColumn('id', ...id)
    .addColumn('incident_id', whole, (column) => column.notNull())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('incident_events_of').on('incident_events').column('incident_id').execute();
}
