import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { bytes } from '../wording/quantities.ts';
import { unusableFolder } from './temporary-folder.ts';

/** A snapshot's file is up to 1.6 times the heap (field notes), and needs some air. */
const FILE_PER_HEAP = 2;
/** Writing one inline takes up to 8 times the heap in memory (field notes). */
const MEMORY_PER_HEAP = 8;

/** Whose snapshot is to be written, and how large it may become. */
export interface SnapshotOf {
  readonly pid: number;
  readonly threadId: number;
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
  /** The container's limit, null where there is none. */
  readonly rssLimitBytes: number | null;
}

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
   * A path for the next snapshot of a thread; nothing exists there yet.
   *
   * @throws {CliError} EBB_CLI_NO_ROOM, EBB_CLI_NO_MEMORY when a snapshot of a heap of this size would not fit
   */
  async place(of: SnapshotOf): Promise<string> {
    const heap = bytes(of.heapUsedBytes);
    const disk = await statfs(this.directory);
    const roomBytes = disk.bavail * disk.bsize;
    const fileBytes = FILE_PER_HEAP * of.heapUsedBytes;
    if (roomBytes < fileBytes) {
      const needed = `a snapshot of ${heap} of heap needs about ${bytes(fileBytes)} of disk`;
      throw new CliError('EBB_CLI_NO_ROOM', `${needed}, and ${printable(this.directory)} has ${bytes(roomBytes)} left`);
    }
    const inContainer = of.rssLimitBytes === null ? Infinity : of.rssLimitBytes - of.rssBytes;
    const freeBytes = Math.max(0, Math.min(freemem(), inContainer));
    const memoryBytes = MEMORY_PER_HEAP * of.heapUsedBytes;
    if (freeBytes < memoryBytes) {
      const needed = `a snapshot of ${heap} of heap may need ${bytes(memoryBytes)} of memory`;
      throw new CliError('EBB_CLI_NO_MEMORY', `${needed}, and ${bytes(freeBytes)} is free`);
    }
    const parts = [
      of.pid,
      of.threadId === 0 ? null : `thread${of.threadId}`,
      this.#kept ? Date.now() : null,
      ++this.#count,
    ];
    return join(this.directory, `${parts.filter((part) => part !== null).join('-')}.heapsnapshot`);
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
