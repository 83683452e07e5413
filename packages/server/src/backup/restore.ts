import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerError } from '../errors/server-error.ts';
import { openDatabase, sqliteFile, type DatabasePlace } from '../store/database.ts';
import { checkBackup, reasonOf, tablesOf } from './backup-file.ts';
import { copyToPostgres, filledTables } from './copy-tables.ts';
import { inStaging, publish } from './staging.ts';

/**
 * Restores a backup into an empty place: a folder without a database, or a PostgreSQL database without rows. It is brought
 * up to date on the way. Either all of it is there in the end, or nothing. Resolves with where it is.
 *
 * @throws {ServerError} EBB_SERVER_BACKUP_FILE, EBB_SERVER_BACKUP_DAMAGED, EBB_SERVER_NEWER_DATABASE,
 *   EBB_SERVER_NOT_EMPTY, EBB_SERVER_DATA_DIRECTORY, EBB_SERVER_DATABASE
 */
export async function restore(file: string, place: DatabasePlace): Promise<string> {
  await checkBackup(file);
  return 'url' in place ? await intoPostgres(file, place) : await intoFolder(file, place.directory);
}

async function intoFolder(file: string, directory: string): Promise<string> {
  const target = join(directory, sqliteFile);
  const taken = new ServerError('EBB_SERVER_NOT_EMPTY', `there is a database in the folder '${directory}'`);
  if (existsSync(target)) throw taken;
  try {
    return await inStaging(directory, async (folder) => {
      await bringUpToDate(file, folder);
      publish(join(folder, sqliteFile), target);
      return target;
    });
  } catch (error) {
    if (error instanceof ServerError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken;
    throw new ServerError('EBB_SERVER_DATA_DIRECTORY', `the folder '${directory}' cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function intoPostgres(file: string, place: { url: string }): Promise<string> {
  const to = await openDatabase(place);
  try {
    await inStaging(tmpdir(), async (folder) => {
      await bringUpToDate(file, folder);
      const { DatabaseSync } = await import('node:sqlite');
      const from = new DatabaseSync(join(folder, sqliteFile), { readOnly: true });
      try {
        const tables = tablesOf(from);
        await to.query.transaction().execute(async (db) => {
          const filled = await filledTables(db, tables);
          if (filled.length > 0)
            throw new ServerError('EBB_SERVER_NOT_EMPTY', `${to.place} has rows in ${filled.slice(0, 5).join(', ')}`);
          await copyToPostgres(from, db, tables);
        });
      } finally {
        from.close();
      }
    });
    return to.place;
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError('EBB_SERVER_DATABASE', `${to.place} cannot be restored: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    await to.close();
  }
}

/** A copy of the backup in the folder, with this version's tables. */
async function bringUpToDate(file: string, folder: string): Promise<void> {
  const copy = join(folder, sqliteFile);
  copyFileSync(file, copy);
  chmodSync(copy, 0o600);
  await (await openDatabase({ directory: folder })).close();
}
