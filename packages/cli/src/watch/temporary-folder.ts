import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { isAlive } from '../program/is-alive.ts';
import { printable } from '../wording/printable.ts';

const PREFIX = 'ebb-watch-';

/**
 * The one folder that a watch makes: the agents' socket and the heap snapshots live in it. They hold passwords and
 * tokens, so it is the user's alone (0700), and it goes with all that is in it on every way out.
 */
export class TemporaryFolder {
  readonly path: string;

  /** @throws {CliError} EBB_CLI_SNAPSHOT_DIRECTORY when none can be made */
  constructor(parent: string = tmpdir()) {
    try {
      this.path = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
      chmodSync(this.path, 0o700);
    } catch (cause) {
      throw unusableFolder(parent, cause);
    }
  }

  /** Removes the folder. Synchronous and repeatable: it works in an exit handler. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Removes the folders of watches that were killed before they could: their process is gone, their snapshots are not. */
export function sweepAbandonedFolders(parent: string = tmpdir()): void {
  try {
    for (const name of readdirSync(parent)) {
      const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`, 'u').exec(name)?.[1]);
      if (!Number.isInteger(pid) || isAlive(pid)) continue;
      const directory = join(parent, name);
      const stat = statSync(directory);
      if (stat.isDirectory() && stat.uid === process.getuid?.()) rmSync(directory, { recursive: true, force: true });
    }
  } catch {
    // Only tidying up: what cannot be read or removed stays.
  }
}

/** The error for a folder that cannot hold snapshots. */
export function unusableFolder(directory: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const what = `the folder '${printable(directory)}' cannot hold heap snapshots: ${printable(reason)}`;
  return new CliError('EBB_CLI_SNAPSHOT_DIRECTORY', what, { cause });
}
