/** A folder of one's own beside where a file is to appear, so that it appears whole or not at all. */
import { closeSync, fsyncSync, linkSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Calls `make` with an empty folder of mode 0700 in `parent`, and removes it in the end. `parent` is made where it is
 * missing.
 */
export async function inStaging<Result>(parent: string, make: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(parent, '.ebb-'));
  try {
    return await make(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Gives a finished file its name, once it is on the disk.
 *
 * @throws an error with the code EEXIST when something has that name
 */
export function publish(from: string, to: string): void {
  sync(from);
  try {
    // Unlike a renaming it replaces nothing.
    linkSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    // A file system without hard links.
    renameSync(from, to);
  }
  sync(dirname(to));
}

function sync(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
