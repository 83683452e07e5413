import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { unusableFolder } from './temporary-folder.ts';

/** Where heap snapshots live while they are looked at: in the watch's temporary folder, or where the user keeps them. */
export class SnapshotStore {
  /** The folder that the watched program writes them to. */
  readonly directory: string;
  readonly #kept: boolean;
  #count = 0;

  /** @throws {CliError} EBB_CLI_SNAPSHOT_DIRECTORY when the folder to keep snapshots in cannot be used */
  constructor(options: { temporary: string; keep: string | null }) {
    this.directory = resolve(options.keep ?? options.temporary);
    this.#kept = options.keep !== null;
    if (options.keep === null) return;
    try {
      makeFolder(this.directory);
      if (!statSync(this.directory).isDirectory()) throw new Error('it is no folder');
      accessSync(this.directory, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw unusableFolder(options.keep, cause);
    }
  }

  /**
   * A path for the next snapshot of a thread; nothing exists there yet. Whether there is room for it, on the disk and in
   * memory, the process itself knows best, and says when it is asked for the snapshot.
   */
  place(of: { readonly pid: number; readonly threadId: number }): string {
    const parts = [
      of.pid,
      of.threadId === 0 ? null : `thread${of.threadId}`,
      this.#kept ? Date.now() : null,
      ++this.#count,
    ];
    return join(this.directory, `${parts.filter((part) => part !== null).join('-')}.heapsnapshot`);
  }

  /** A folder for a thread's source maps that are on no disk, beside its snapshots; it does not exist yet. */
  placeOfSourceMaps({ pid, threadId }: { readonly pid: number; readonly threadId: number }): string {
    return join(this.directory, `source-maps-${pid}${threadId === 0 ? '' : `-thread${threadId}`}`);
  }

  /** Removes snapshots that are not needed any more; kept ones stay. */
  discard(files: readonly string[]): void {
    if (this.#kept) return;
    for (const file of files) rmSync(file, { force: true });
  }
}

/** Folder by folder: `mkdirSync` with `recursive` never returns below /proc. */
function makeFolder(directory: string): void {
  if (existsSync(directory)) return;
  if (dirname(directory) !== directory) makeFolder(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another has made it meanwhile
  }
}
