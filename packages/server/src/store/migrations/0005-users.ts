import type { Kysely, Migration } from 'kysely';
import { columnTypes, type Engine } from './column-types.ts';

/** Users, sessions, and news for those who follow live. */
export function usersMigration(engine: Engine): Migration {
  return { up: async (db) => await up(db as Kysely<unknown>, engine) };
}

async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const { id, whole } = columnTypes(engine);
  await db.schema
    .createTable('users')
    .addColumn('id', ...id)
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('password', 'text', (column) => column.notNull())
    .addColumn('created_ms', whole, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('id', ...id)
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('user_id', whole)
    .addColumn('token_id', whole)
    .addColumn('created_ms', whole, (column) => column.notNull())
    .addColumn('used_ms', whole, (column) => column.notNull())
    .addColumn('expires_ms', whole, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('news')
    .addColumn('id', ...id)
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('service_id', whole, (column) => column.notNull())
    .addColumn('told', 'text', (column) => column.notNull())
    .execute();
}
