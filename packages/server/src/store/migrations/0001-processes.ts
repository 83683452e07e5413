import type { Kysely, Migration } from 'kysely';
import { columnTypes, withoutRowid, type Engine } from './column-types.ts';

/** Tokens, audit, services, processes, samples, verdicts, judges. */
export function processesMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole, real, bytes } = columnTypes(engine);
  await db.schema
    .createTable('tokens')
    .addColumn('id', ...id)
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole)
    .addColumn('revoked_ms', whole)
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('id', ...id)
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('services')
    .addColumn('id', ...id)
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text', (column) => column.notNull())
    .addColumn('environment', 'text', (column) => column.notNull())
    .addColumn('first_seen_ms', whole, (column) => column.notNull())
    .addUniqueConstraint('services_by_name', ['name', 'namespace', 'environment'])
    .execute();
  await createProcesses(db, engine);
  for (const name of ['samples', 'hourly_samples']) {
    const table = db.schema
      .createTable(name)
      .addColumn('process_id', whole, (column) => column.notNull())
      .addColumn('time_ms', whole, (column) => column.notNull())
      .addColumn('rss_bytes', real)
      .addColumn('floor_bytes', real)
      .addColumn('heap_used_bytes', real)
      .addColumn('requests', real)
      .addColumn('gc_share', real)
      .addColumn('loop_delay_p99_seconds', real)
      .addColumn('bytes_per_second', real)
      .addColumn('seconds_to_limit', real)
      .addPrimaryKeyConstraint(`${name}_key`, ['process_id', 'time_ms']);
    await (engine === 'sqlite' ? table.modifyEnd(withoutRowid) : table).execute();
    await db.schema.createIndex(`${name}_by_time`).on(name).column('time_ms').execute();
  }
  await db.schema
    .createTable('verdict_changes')
    .addColumn('process_id', whole, (column) => column.notNull())
    .addColumn('time_ms', whole, (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('before', 'text')
    .addPrimaryKeyConstraint('verdict_changes_key', ['process_id', 'time_ms'])
    .execute();
  await db.schema
    .createTable('judges')
    .addColumn('process_id', whole, (column) => column.notNull().primaryKey())
    .addColumn('judged_ms', whole, (column) => column.notNull())
    .addColumn('state', bytes, (column) => column.notNull())
    .execute();
}

async function createProcesses(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole, real } = columnTypes(engine);
  let table = db.schema
    .createTable('processes')
    .addColumn('id', ...id)
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('revision', 'text')
    .addColumn('host', 'text')
    .addColumn('pid', whole)
    .addColumn('runtime', 'text')
    .addColumn('first_seen_ms', whole, (column) => column.notNull())
    .addColumn('last_seen_ms', whole, (column) => column.notNull())
    .addColumn('started_ms', real)
    .addColumn('judged_by', 'text', (column) => column.notNull())
    .addColumn('judged_ms', whole, (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('verdict_since_ms', whole, (column) => column.notNull())
    .addColumn('suspicious', whole, (column) => column.notNull());
  const figures = [
    ...['rss_bytes', 'floor_bytes', 'heap_used_bytes', 'heap_limit_bytes', 'container_limit_bytes', 'requests'],
    ...['gc_share', 'loop_delay_p99_seconds', 'bytes_per_second', 'bytes_per_second_low', 'bytes_per_second_high'],
    ...['bytes_per_request', 'seconds_to_limit', 'seconds_to_limit_soonest', 'seconds_to_limit_latest'],
  ];
  for (const name of figures) table = table.addColumn(name, real);
  await table.addUniqueConstraint('processes_by_instance', ['service_id', 'version', 'instance']).execute();
  await db.schema.createIndex('processes_by_last_seen').on('processes').column('last_seen_ms').execute();
}
