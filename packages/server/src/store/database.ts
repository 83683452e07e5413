/** Opens the database: SQLite in a folder of its own, or PostgreSQL by URL; brought up to date before anything is asked. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';
import { ServerError } from '../errors/server-error.ts';
import { migrationsFor, type Engine } from './migrations/index.ts';
import { kyselyPool, type PostgresPatience } from './postgres-pool.ts';
import type { Schema } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

/** An open database. */
export interface Database {
  engine: Engine;
  /** Says what is told as the place: the file, or the URL without its password. */
  place: string;
  query: Kysely<Schema>;
  close(): Promise<void>;
}

/** Where the data is: a folder for SQLite, or the URL of a PostgreSQL database. */
export type DatabasePlace = { directory: string } | { url: string };

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

const longestWaitMs = 10_000;
/** Each query is a piece of work of milliseconds; one that waits for a lock is the longest. */
const longestAnswerMs = 60_000;
const shortestWaitMs = 20;
const mostConnections = 10;

/** The file of the SQLite database, in its folder. */
export const sqliteFile = 'ebb.sqlite';

/**
 * Opens the database and runs the migrations that it lacks: all, or those up to the one named.
 *
 * @throws {ServerError} EBB_SERVER_DATA_DIRECTORY, EBB_SERVER_DATABASE, EBB_SERVER_NEWER_DATABASE
 */
export async function openDatabase(
  place: DatabasePlace,
  upTo: 'the newest' | (string & {}) = 'the newest',
): Promise<Database> {
  // A migration rewrites whole tables.
  const patience = { answerMs: Infinity };
  const database = await connect(place, patience);
  try {
    await migrate(database, upTo);
    patience.answerMs = longestAnswerMs;
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Opens the database as it is, of whatever version. @throws {ServerError} as {@link openDatabase}, but the last */
export async function connect(
  place: DatabasePlace,
  patience: Readonly<PostgresPatience> = { answerMs: longestAnswerMs },
): Promise<Database> {
  return 'url' in place ? await openPostgres(place.url, patience) : await openSqlite(place.directory);
}

async function openSqlite(directory: string): Promise<Database> {
  const file = join(directory, sqliteFile);
  // Loaded here: older versions of Node.js lack it, and the command says so before.
  const { DatabaseSync } = await import('node:sqlite');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const writer = new DatabaseSync(file);
    chmodSync(file, 0o600);
    // FULL: a commit that was acknowledged outlives a power failure, too; commits are grouped, so that it costs little.
    writer.exec(`pragma busy_timeout = ${longestWaitMs}; pragma journal_mode = wal; pragma synchronous = full;`);
    writer.exec('pragma foreign_keys = on; pragma journal_size_limit = 67108864;');
    const reader = new DatabaseSync(file, { readOnly: true });
    // A call that waits holds up everything: who waits for longer does so in between calls, see the dialect.
    for (const connection of [writer, reader]) connection.exec(`pragma busy_timeout = ${shortestWaitMs}`);
    const query = new Kysely<Schema>({ dialect: sqliteDialect({ writer, reader }) });
    const close = async (): Promise<void> => {
      await query.destroy();
      // Kysely closes what it has used only.
      for (const connection of [reader, writer]) if (connection.isOpen) connection.close();
    };
    return { engine: 'sqlite', place: file, query, close };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServerError('EBB_SERVER_DATA_DIRECTORY', `the folder '${directory}' cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

async function openPostgres(url: string, patience: Readonly<PostgresPatience>): Promise<Database> {
  let told: URL;
  try {
    told = new URL(url);
  } catch (error) {
    throw new ServerError('EBB_SERVER_DATABASE', 'the database is no URL like postgres://user@host/name', {
      cause: error,
    });
  }
  if (told.protocol !== 'postgres:' && told.protocol !== 'postgresql:')
    throw new ServerError('EBB_SERVER_DATABASE', `the database's URL begins with '${told.protocol}', not postgres:`);
  told.password = '';
  // Loaded here: with SQLite nobody pays for it.
  const { Pool, types } = (await import('pg')).default;
  const pool = new Pool({
    connectionString: url,
    max: mostConnections,
    connectionTimeoutMillis: longestWaitMs,
    application_name: 'ebb',
    keepAlive: true,
    // Whole numbers are times and sizes, below 2 ** 53.
    types: {
      getTypeParser: (oid: TypeId, format?: 'text' | 'binary'): unknown =>
        oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format),
    },
  });
  // A connection that breaks while nobody uses it is made anew when one is needed.
  pool.on('error', () => undefined);
  const query = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: kyselyPool(pool, patience) }) });
  return { engine: 'postgres', place: told.href, query, close: async () => await query.destroy() };
}

async function migrate({ engine, query, place }: Database, upTo: string): Promise<void> {
  const migrations = migrationsFor(engine);
  try {
    await sql`select 1`.execute(query);
    const migrator = new Migrator({ db: query, provider: { getMigrations: async () => migrations } });
    const { error } = await (upTo === 'the newest' ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
    if (error !== undefined) throw error instanceof Error ? error : new Error(JSON.stringify(error));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.startsWith('corrupted migrations'))
      throw new ServerError('EBB_SERVER_NEWER_DATABASE', `${place} was written by a newer Ebb (${reason})`, {
        cause: error,
      });
    throw new ServerError('EBB_SERVER_DATABASE', `${place} cannot be used: ${reason}`, { cause: error });
  }
}
