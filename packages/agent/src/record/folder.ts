/** The folder that records are kept in: who may use it, and what is removed from it. */
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runs, type RecordOwner } from './owner.ts';
import { readOwner } from './read-record.ts';

/** `record-` while nobody has told how the process ended, `ended-` from then on. */
const name = /^(record|ended)-(\d+)-\d+-\d+\.ebb$/;

/** A record in the folder whose process has ended. */
export interface EndedFile {
  path: string;
  /** Whether its end has been told already. */
  told: boolean;
  writtenMs: number;
  owner: RecordOwner;
}

/**
 * Where records are kept unless something else is said: below the folder for temporary files, in one of this user's own.
 * Null where that belongs to somebody else, or others may write to it: they could put anything there.
 */
export function usualFolder(base: string = tmpdir()): string | null {
  const uid = process.getuid?.();
  const directory = join(base, `ebb-records-${uid ?? 'user'}`);
  try {
    const found = lstatSync(directory, { throwIfNoEntry: false });
    if (found === undefined) return directory;
    const isOwn = uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? directory : null;
  } catch {
    return null;
  }
}

/**
 * Makes the folder with mode 0700 where it is missing. Not by `recursive: true`, which never comes back on file systems
 * that take no folders (`/proc`; Node.js 20 and 24).
 */
export function makeFolder(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(directory);
    if (code !== 'ENOENT' || parent === directory || existsSync(parent)) throw error;
    makeFolder(parent);
    mkdirSync(directory, { mode: 0o700 });
  }
}

/** Records of processes that run stay; of the others the newest. */
export function removeOld(directory: string, keep: number, nowMs: number): void {
  for (const { path } of endedFiles(directory, nowMs).slice(keep)) unlinkSync(path);
}

/** The records whose processes have ended, the newest first. What cannot be read is passed over. */
export function endedFiles(directory: string, nowMs: number): EndedFile[] {
  const found: EndedFile[] = [];
  for (const file of readdirSync(directory)) {
    const match = name.exec(file);
    if (match === null) continue;
    const path = join(directory, file);
    try {
      const { mtimeMs: writtenMs } = statSync(path);
      const owner = readOwner(path);
      if (owner === null || (match[1] === 'record' && runs(owner, writtenMs, nowMs))) continue;
      found.push({ path, told: match[1] === 'ended', writtenMs, owner });
    } catch {
      // Another process was faster.
    }
  }
  return found.sort((a, b) => b.writtenMs - a.writtenMs);
}

/** What a record is called once its end has been told. */
export function toldName(file: string): string {
  return join(dirname(file), basename(file).replace(/^record-/, 'ended-'));
}
