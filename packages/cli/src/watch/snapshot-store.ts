import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { bytes } from '../wording/quantities.ts';
import { printable } from '../wording/printable.ts';

const PREFIX = 'ebb-watch-';
/** A snapshot's file is up to 1.6 times the heap (field notes), and needs some air. */
const FILE_PER_HEAP = 2;
/** Writing one inline takes up to 8 times the heap in memory (field notes). */
const MEMORY_PER_HEAP = 8;

/**
 * Where heap snapshots live while they are looked at. They hold passwords and tokens: the folder is the user's alone
 * (0700), and everything in it is removed at the end, unless the user asked to keep it.
 */
export class SnapshotStore {
  readonly #keep: string | null;
  #directory: string | null = null;
  #count = 0;

  /** @throws {CliError} EBB_CLI_SNAPSHOT_DIRECTORY when the folder to keep snapshots in cannot be used */
  constructor(keepDirectory: string | null) {
    this.#keep = keepDirectory;
    if (keepDirectory === null) return;
    try {
      mkdirSync(keepDirectory, { recursive: true, mode: 0o700 });
      accessSync(keepDirectory, constants.W_OK | constants.X_OK);
      this.#directory = keepDirectory;
    } catch (cause) {
      throw unusable(keepDirectory, cause);
    }
  }

  /** Whether snapshots outlive the watch. */
  get keeps(): boolean {
    return this.#keep !== null;
  }

  /**
   * A path for the next snapshot of a thread; nothing exists there yet.
   *
   * @throws {CliError} EBB_CLI_NO_ROOM, EBB_CLI_NO_MEMORY when a snapshot of a heap of this size would not fit;
   * EBB_CLI_SNAPSHOT_DIRECTORY when no temporary folder can be made
   */
  async place(of: {
    pid: number;
    threadId: number;
    heapUsedBytes: number;
    rssBytes: number;
    rssLimitBytes: number | null;
  }): Promise<string> {
    const directory = (this.#directory ??= temporaryDirectory());
    const disk = await statfs(directory);
    const roomBytes = disk.bavail * disk.bsize;
    if (roomBytes < FILE_PER_HEAP * of.heapUsedBytes) {
      throw new CliError(
        'EBB_CLI_NO_ROOM',
        `a snapshot of ${bytes(of.heapUsedBytes)} of heap needs about ${bytes(FILE_PER_HEAP * of.heapUsedBytes)} of disk, and ${printable(directory)} has ${bytes(roomBytes)} left`,
      );
    }
    const freeBytes = Math.min(freemem(), of.rssLimitBytes === null ? Infinity : of.rssLimitBytes - of.rssBytes);
    if (freeBytes < MEMORY_PER_HEAP * of.heapUsedBytes) {
      throw new CliError(
        'EBB_CLI_NO_MEMORY',
        `a snapshot of ${bytes(of.heapUsedBytes)} of heap may need ${bytes(MEMORY_PER_HEAP * of.heapUsedBytes)} of memory, and ${bytes(Math.max(0, freeBytes))} is free`,
      );
    }
    const name = [
      of.pid,
      ...(of.threadId === 0 ? [] : [`thread${of.threadId}`]),
      this.#keep === null ? null : Date.now(),
      ++this.#count,
    ];
    return join(directory, `${name.filter((part) => part !== null).join('-')}.heapsnapshot`);
  }

  /** Removes snapshots that are not needed any more; kept ones stay. */
  discard(files: readonly string[]): void {
    if (this.#keep !== null) return;
    for (const file of files) rmSync(file, { force: true });
  }

  /** Removes the folder with all that is in it, unless it is to be kept. Synchronous: it works in an exit handler. */
  remove(): void {
    if (this.#keep !== null || this.#directory === null) return;
    rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = null;
  }
}

/** Removes the folders of watches that were killed before they could: their process is gone, their snapshots are not. */
export function sweepAbandonedSnapshots(parent: string = tmpdir()): void {
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

function temporaryDirectory(): string {
  try {
    const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    chmodSync(directory, 0o700);
    return directory;
  } catch (cause) {
    throw unusable(tmpdir(), cause);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function unusable(directory: string, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    'EBB_CLI_SNAPSHOT_DIRECTORY',
    `the folder '${printable(directory)}' cannot hold heap snapshots: ${printable(reason)}`,
    { cause },
  );
}
