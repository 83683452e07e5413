/** A backup: an SQLite file with the server's tables, whichever database they came from. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ServerError } from '../errors/server-error.ts';
import { migrationsFor } from '../store/migrations/index.ts';

const magic = 'SQLite format 3\0';
const headerBytes = 100;

/**
 * Holds that the file is a whole backup that this Ebb can read.
 *
 * @throws {ServerError} EBB_SERVER_BACKUP_FILE, EBB_SERVER_BACKUP_DAMAGED, EBB_SERVER_NEWER_DATABASE
 */
export async function checkBackup(file: string): Promise<void> {
  checkLength(file);
  const { DatabaseSync } = await import('node:sqlite');
  let steps: string[];
  try {
    const opened = new DatabaseSync(file, { readOnly: true });
    try {
      const [{ quick_check: found }] = opened.prepare('pragma quick_check(1)').all() as [{ quick_check: string }];
      if (found !== 'ok') throw new Error(found);
      steps = stepsOf(opened);
    } finally {
      opened.close();
    }
  } catch (error) {
    throw damaged(file, reasonOf(error), error);
  }
  const known = migrationsFor('sqlite');
  const unknown = steps.find((name) => !(name in known));
  if (unknown !== undefined)
    throw new ServerError('EBB_SERVER_NEWER_DATABASE', `${file} was made by a newer Ebb (it has '${unknown}')`);
}

/** The server's tables in an SQLite file. */
export function tablesOf(opened: DatabaseSync): string[] {
  const rows = opened
    .prepare(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' and name not like 'kysely\\_%' escape '\\' order by name",
    )
    .all() as { name: string }[];
  return rows.map(({ name }) => name);
}

/** What went wrong, in a few words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The steps that the database in the file has taken. */
function stepsOf(opened: DatabaseSync): string[] {
  const rows = opened.prepare('select name from kysely_migration order by name').all() as { name: string }[];
  return rows.map(({ name }) => name);
}

/** The header says how long the file is: one that was cut off is found before anything is read. */
function checkLength(file: string): void {
  const header = Buffer.alloc(headerBytes);
  let bytes: number;
  try {
    const opened = openSync(file, 'r');
    try {
      ({ size: bytes } = fstatSync(opened));
      readSync(opened, header, 0, headerBytes, 0);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw new ServerError('EBB_SERVER_BACKUP_FILE', `${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  if (header.toString('latin1', 0, magic.length) !== magic) throw damaged(file, 'it is no SQLite file');
  // https://www.sqlite.org/fileformat.html, 1.3: a page size of 1 stands for 65,536.
  const told = header.readUInt16BE(16);
  const whole = (told === 1 ? 65_536 : told) * header.readUInt32BE(28);
  if (bytes < whole) throw damaged(file, `it has ${bytes} of its ${whole} bytes`);
}

function damaged(file: string, reason: string, cause?: unknown): ServerError {
  return new ServerError('EBB_SERVER_BACKUP_DAMAGED', `${file} is no whole backup: ${reason}`, { cause });
}
