/** Finds a folder's lock file and reads it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../../errors/cli-error.ts';
import type { LockedPackage } from './locked-package.ts';
import { readNpmLock } from './npm.ts';
import { readPnpmLock } from './pnpm.ts';
import { readYarnLock } from './yarn.ts';

/** A lock file that was read. */
export interface Lockfile {
  readonly file: string;
  readonly text: string;
  readonly packages: readonly LockedPackage[];
}

/** In the order in which npm itself would take its own; then the others'. */
const READERS: readonly (readonly [name: string, read: (text: string) => LockedPackage[]])[] = [
  ['npm-shrinkwrap.json', readNpmLock],
  ['package-lock.json', readNpmLock],
  ['pnpm-lock.yaml', readPnpmLock],
  ['yarn.lock', readYarnLock],
];

/**
 * Reads the lock file of a folder.
 *
 * @throws {CliError} EBB_CLI_AUDIT_NO_LOCKFILE, EBB_CLI_AUDIT_LOCKFILE
 */
export function readLockfile(folder: string): Lockfile {
  for (const [name, read] of READERS) {
    const file = join(folder, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) continue;
    try {
      const text = readFileSync(file, 'utf8');
      return { file, text, packages: read(text) };
    } catch (cause) {
      const reason =
        cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : (cause as Error).message.split('\n')[0];
      throw new CliError('EBB_CLI_AUDIT_LOCKFILE', `${file} cannot be read as a lock file: ${reason}`, { cause });
    }
  }
  const names = READERS.map(([name]) => name).join(', ');
  throw new CliError('EBB_CLI_AUDIT_NO_LOCKFILE', `there is no lock file in ${folder} (${names})`);
}
