/** The snapshots that are open: a few at most, within a ceiling of memory, closed when nobody has asked for a while. */
import { statSync } from 'node:fs';
import { HeapError, openSnapshot, type QueryOptions, type Snapshot } from '@ebb/heap';
import { CliError } from '../errors/cli-error.ts';

/** What may be open at once, and for how long. */
export interface OpenLimits {
  /** Snapshots open at once. */
  most: number;
  /** Bytes of memory that all of them together may keep. */
  mostBytes: number;
  /** Milliseconds without a question until a snapshot is closed. */
  idleMs: number;
}

/** How snapshots are opened. */
export interface OpenAs {
  cwd: string;
  allowStrings: boolean;
  sourceMaps?: string;
}

/** What an open snapshot keeps, in bytes a byte of its file: 1.8 to 2.9 where it was measured, on files of 42 to 350 MB. */
const KEPT_PER_FILE_BYTE = 2.5;

interface Entry {
  key: string;
  /** Of memory, as far as the file's size tells. */
  bytes: number;
  snapshot: Promise<Snapshot>;
  /** Ends the opening. */
  giveUp: AbortController;
  /** Questions under way. */
  users: number;
  isOpen: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** Opens snapshots when they are asked for, and keeps the last few. */
export class OpenSnapshots {
  readonly #limits: OpenLimits;
  readonly #as: OpenAs;
  /** By file, size and time; the one that was asked longest ago first. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: OpenLimits, as: OpenAs) {
    this.#limits = limits;
    this.#as = as;
  }

  /** How many are open or being opened. */
  get count(): number {
    return this.#entries.size;
  }

  /**
   * Asks a snapshot, opened for it where it is not open. A file that was written again since is opened anew. Throws
   * EBB_CLI_SNAPSHOT_TOO_LARGE for one beyond the ceiling, and what opening and asking throw.
   */
  async use<Answer>(
    file: string,
    options: QueryOptions,
    ask: (snapshot: Snapshot) => Promise<Answer>,
  ): Promise<Answer> {
    options.signal?.throwIfAborted();
    const entry = this.#entry(file, options);
    entry.users++;
    clearTimeout(entry.idle);
    try {
      return await ask(await untilAborted(entry.snapshot, options.signal));
    } catch (error) {
      // A thread that has failed answers nothing any more: the next question opens the file again.
      if (error instanceof HeapError && error.code === 'EBB_HEAP_WORKER_FAILED') void this.#drop(entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.users === 0) this.#rest(entry);
    }
  }

  /** Throws EBB_CLI_SNAPSHOT_TOO_LARGE for a file beyond the ceiling. */
  checkSize(file: string): void {
    const bytes = bytesFor(statSync(file, { throwIfNoEntry: false })?.size);
    if (bytes <= this.#limits.mostBytes) return;
    const [needs, most] = [bytes, this.#limits.mostBytes].map((figure) => `${String(Math.ceil(figure / 1e6))} MB`);
    throw new CliError(
      'EBB_CLI_SNAPSHOT_TOO_LARGE',
      `'${file}' needs about ${needs ?? ''} of memory, of ${most ?? ''} that were granted`,
    );
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#drop(entry)));
  }

  #entry(file: string, { onProgress }: QueryOptions): Entry {
    const stat = statSync(file, { throwIfNoEntry: false });
    const key = `${file}\n${String(stat?.size)}\n${String(stat?.mtimeMs)}`;
    const known = this.#entries.get(key);
    if (known) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    this.checkSize(file);
    const bytes = bytesFor(stat?.size);
    this.#makeRoom(bytes);
    const giveUp = new AbortController();
    const opening = openSnapshot(file, {
      ...this.#as,
      signal: giveUp.signal,
      ...(onProgress ? { onProgress } : {}),
    });
    const entry: Entry = { key, bytes, snapshot: opening, giveUp, users: 0, isOpen: false, idle: undefined };
    this.#entries.set(key, entry);
    opening.then(
      () => {
        entry.isOpen = true;
      },
      () => {
        // Another attempt is another entry.
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  /** Closes those that nobody asks, the longest unasked first, until one more fits. */
  #makeRoom(bytes: number): void {
    const fits = (): boolean => {
      const open = [...this.#entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
      return this.#entries.size < this.#limits.most && open + bytes <= this.#limits.mostBytes;
    };
    for (const entry of this.#entries.values()) {
      if (fits()) return;
      if (entry.users === 0) void this.#drop(entry);
    }
    if (fits()) return;
    throw new CliError('EBB_CLI_TOO_MANY_OPEN', `${String(this.#entries.size)} snapshots are open and being asked`);
  }

  /** Nobody asks it now: an opening that nobody waits for ends, an open snapshot is kept for a while. */
  #rest(entry: Entry): void {
    if (!entry.isOpen) {
      void this.#drop(entry);
      return;
    }
    if (this.#entries.get(entry.key) !== entry) return;
    entry.idle = setTimeout(() => void this.#drop(entry), this.#limits.idleMs);
    entry.idle.unref();
  }

  async #drop(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    clearTimeout(entry.idle);
    if (!entry.isOpen) entry.giveUp.abort();
    const snapshot = await entry.snapshot.catch(() => undefined);
    await snapshot?.close();
  }
}

function bytesFor(fileBytes: number | undefined): number {
  return (fileBytes ?? 0) * KEPT_PER_FILE_BYTE;
}

/** What comes first: the answer, or the caller's wish to go. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
