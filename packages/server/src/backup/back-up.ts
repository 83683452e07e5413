import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sql } from 'kysely';
import { ServerError } from '../errors/server-error.ts';
import { connect, openDatabase, sqliteFile, type DatabasePlace } from '../store/database.ts';
import { migrationsFor } from '../store/migrations/index.ts';
import { reasonOf, tablesOf } from './backup-file.ts';
import { copyToSqlite } from './copy-tables.ts';
import { inStaging, publish } from './staging.ts';

/** A backup that was made. */
export interface BackedUp {
  file: string;
  bytes: number;
}

/**
 * Backs up a database while servers work on it: all tables as they are at one moment, into a new SQLite file of mode 0600.
 * It appears when it is whole.
 *
 * @throws {ServerError} EBB_SERVER_BACKUP_FILE, EBB_SERVER_DATA_DIRECTORY, EBB_SERVER_DATABASE, EBB_SERVER_NEWER_DATABASE
 */
export async function backUp(place: DatabasePlace, file: string): Promise<BackedUp> {
  const target = resolve(file);
  if (existsSync(target)) throw new ServerError('EBB_SERVER_BACKUP_FILE', `${file} exists already`);
  try {
    return await inStaging(dirname(target), async (folder) => {
      const made = 'url' in place ? await exportPostgres(place, folder) : await copySqlite(place.directory, folder);
      chmodSync(made, 0o600);
      publish(made, target);
      return { file: target, bytes: statSync(target).size };
    });
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError('EBB_SERVER_BACKUP_FILE', `${file} cannot be made: ${reasonOf(error)}`, { cause: error });
  }
}

async function copySqlite(directory: string, folder: string): Promise<string> {
  const from = join(directory, sqliteFile);
  if (!existsSync(from))
    throw new ServerError('EBB_SERVER_DATA_DIRECTORY', `there is no database in the folder '${directory}'`);
  const made = join(folder, sqliteFile);
  // Nobody else reads it, not for a moment; SQLite takes an empty file for a new one.
  closeSync(openSync(made, 'wx', 0o600));
  const { DatabaseSync } = await import('node:sqlite');
  const opened = new DatabaseSync(from);
  try {
    opened.exec('pragma busy_timeout = 10000');
    opened.prepare('vacuum into ?').run(made);
  } finally {
    opened.close();
  }
  return made;
}

/** A file with the same tables, filled from one snapshot of the database. */
async function exportPostgres(place: { url: string }, folder: string): Promise<string> {
  const from = await connect(place);
  try {
    return await from.query
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (db) => {
        const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
        const known = migrationsFor('sqlite');
        const unknown = rows.find(({ name }) => !(name in known));
        const newest = rows.at(-1)?.name;
        if (unknown !== undefined)
          throw new ServerError(
            'EBB_SERVER_NEWER_DATABASE',
            `${from.place} was written by a newer Ebb ('${unknown.name}')`,
          );
        if (newest === undefined) throw new ServerError('EBB_SERVER_DATABASE', `${from.place} has no tables of Ebb`);
        await (await openDatabase({ directory: folder }, newest)).close();
        const { DatabaseSync } = await import('node:sqlite');
        const to = new DatabaseSync(join(folder, sqliteFile));
        try {
          // One file, nothing beside it.
          to.exec('pragma journal_mode = delete');
          await copyToSqlite(db, to, tablesOf(to));
        } finally {
          to.close();
        }
        return join(folder, sqliteFile);
      });
  } catch (error) {
    const ofFile = sqliteErrorIn(error);
    if (ofFile !== null) throw ofFile;
    if (error instanceof ServerError) throw error;
    throw new ServerError('EBB_SERVER_DATABASE', `${from.place} cannot be backed up: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await from.close();
  }
}

/** What went wrong with the file, and not with PostgreSQL; null where it was PostgreSQL. */
function sqliteErrorIn(error: unknown): Error | null {
  for (let one = error; one instanceof Error; one = one.cause)
    if ((one as { code?: unknown }).code === 'ERR_SQLITE_ERROR') return one;
  return null;
}
