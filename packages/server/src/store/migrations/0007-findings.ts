import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** What was found to hold memory, by service, version and fingerprint. */
export function findingsMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole, real } = columnTypes(engine);
  await db.schema
    .createTable('findings')
    .addColumn('id', ...id)
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('revision', 'text')
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('confirmed', whole, (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('inserted_at', 'text')
    .addColumn('package', 'text')
    .addColumn('sample_type', 'text', (column) => column.notNull())
    .addColumn('retained_bytes', real)
    .addColumn('growth_bytes', real)
    .addColumn('bytes_per_request', real)
    .addColumn('routes', 'text', (column) => column.notNull())
    .addColumn('first_seen_ms', whole, (column) => column.notNull())
    .addColumn('last_seen_ms', whole, (column) => column.notNull())
    .addColumn('times', whole, (column) => column.notNull())
    .addUniqueConstraint('findings_once', ['service_id', 'version', 'fingerprint'])
    .execute();
  await db.schema.createIndex('findings_by_time').on('findings').column('last_seen_ms').execute();
}
