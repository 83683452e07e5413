/**
 * The native addon: its types, and how it is found. `native/addon.c` is the other side.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What the watching thread is told; all times in milliseconds. */
export interface WatchOptions {
  /** Asleep or stopped for so long without any use of CPU means hung. */
  stallMs: number;
  timeoutMs: number;
  /** Of the child's own memory; 0 for no budget. */
  budgetBytes: number;
  /** Of the machine; 0 for no limit. */
  leastAvailableBytes: number;
  /** The file that the child writes, and what has to stay free on its disk; 0 for no limit. */
  fd: number;
  leastDiskBytes: number;
  groups: readonly { usageFile: string; statFile: string; stopAboveBytes: number }[];
}

/** How the child ended, as the watching thread saw it. */
export interface ChildEnd {
  /** An index into {@link endReasons}. */
  end: number;
  /** As `waitpid` tells it. */
  status: number;
  /** The most memory of its own that the child was seen with. */
  peakBytes: number;
  /** The least distance to any limit of memory; -1 when none is known. */
  leastFreeBytes: number;
  tookMs: number;
  /** 0 forked, 1 ready, 2 done, 3 about to wait for ever. */
  phase: number;
  /** errno of the write that failed, -1 for another failure. */
  error: number;
  patched: number;
  /** Locks that another thread held at the fork. */
  stolen: number;
}

/** What made the watching thread stop watching, in the order of `enum watch_end`. */
export const endReasons = ['exited', 'stalled', 'timeout', 'memory', 'budget', 'cancelled', 'lost', 'disk'] as const;

/** The functions of `native/addon.c`, which are in `native/call-*.c` and `native/lifetime.c`. */
export interface Addon {
  /** What it was compiled for. */
  libc: 'glibc' | 'musl';
  /** Whether no other capture is under way. From then on the end of this thread ends the capture. */
  acquire(): boolean;
  release(): void;
  prepare(keepAlive: boolean, done: (errno: number, conditionSignals: number) => void): number;
  /** The child's id, 0 in the child, -1 when the fork failed, -2 when threads are awake. */
  fork(
    options: {
      fd: number;
      errorsFd: number;
      insist: number;
      waitMs: number;
      raiseHeapLimit: number;
      niceness: number;
    },
    times: Float64Array,
  ): number;
  leave(errno: number): never;
  /** Watches the child of `fork`. */
  watch(options: WatchOptions, keepAlive: boolean, done: (end: ChildEnd) => void): number;
  cancel(): void;
  memoryFile(): number;
  hiddenFile(folder: string): number;
  nameFile(fd: number, file: string): number;
  /** For the descriptors of `memoryFile` and `hiddenFile`. */
  closeFile(fd: number): void;
  /** `malloc_trim(3)` in a thread of its own, after `acquire`: 0, or an errno. Does nothing where libc is not glibc. */
  trim(done: () => void): number;
  /** The process at the other end of a Unix socket if it is of the same user; else 0. */
  peerOf(fd: number): number;
  /** Gives a socket to the process at the other end: 0, or an errno. The text is at most 63 bytes. */
  sendSocket(through: number, fd: number, text: string): number;
  /** The descriptor of a socket that was given, with its text; or a negative errno. */
  receiveSocket(through: number, into: { text: string }): number;
}

/** The addon, or in one sentence why there is none. */
export type FoundAddon = { addon: Addon } | { missing: string };

let found: FoundAddon | undefined;

/** Loads the addon once for this thread. Never throws. */
export function findAddon(): FoundAddon {
  return (found ??= loadAddon());
}

function loadAddon(): FoundAddon {
  // dist/fork and src/fork stand equally deep.
  const folder = new URL('../../build/', import.meta.url);
  try {
    return {
      addon: createRequire(import.meta.url)(fileURLToPath(new URL('Release/ebb_capture.node', folder))) as Addon,
    };
  } catch (error) {
    return { missing: reasonFromInstall(new URL('outcome.json', folder)) ?? reasonOf(error) };
  }
}

/** What the install script wrote down. */
function reasonFromInstall(file: URL): string | null {
  try {
    const { reason } = JSON.parse(readFileSync(file, 'utf8')) as { reason?: unknown };
    return typeof reason === 'string' ? reason : null;
  } catch {
    return 'its install script has not run (npm with --ignore-scripts, or a package manager that asks for leave first)';
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
