import type { HeapContents } from '../contents/contents.ts';
import { HeapError } from '../errors/heap-error.ts';
import type { FindingsReport } from '../finding/finding.ts';
import type {
  ClassSummary,
  Comparison,
  FoundCode,
  HeapObject,
  HeapSummary,
  NamedObject,
  ObjectDetails,
  ObjectPath,
  Page,
  Reference,
  RetainedSet,
  ShortestPath,
} from '../query/answers.ts';
import type { Census } from '../query/census.ts';
import type { ClassQuery, CodeQuery, ComparisonQuery, NameQuery, ObjectQuery, PageQuery } from '../query/queries.ts';
import { type AnalyzeProgress, analyzeSnapshots } from './analyze-snapshots.ts';
import { type QueryOptions, QueryThread } from './query-thread.ts';

/** How a snapshot is opened. */
export interface OpenOptions {
  /** The repository or working directory: what `repoPath` is relative to. This process's, unless given. */
  cwd?: string;
  /** As for `analyzeSnapshots`: a folder of source maps that are kept apart from the scripts. */
  sourceMaps?: string;
  /** Calls the opening off; of no meaning once the snapshot is open. */
  signal?: AbortSignal;
  onProgress?: (progress: AnalyzeProgress) => void;
  /**
   * Tell contents of strings, keys of dictionaries and indexes, too. Off unless given: heaps hold passwords and tokens.
   */
  allowStrings?: boolean;
  /** Most megabytes of the thread's JavaScript heap, 16 or more. The snapshot's own arrays stand outside of it. */
  maxScriptHeapMb?: number;
}

/** With much less, V8 ends the whole process instead of the thread. */
const LEAST_SCRIPT_HEAP_MB = 16;

/**
 * Opens a heap snapshot for queries, in a worker thread of its own. That takes about as long as an analysis, and as long
 * as it is open it takes two to three times as much memory as its file is large; {@link Snapshot.close} gives it back.
 *
 * An open snapshot does not keep the process alive; a query that is not answered yet does.
 *
 * Rejects with a {@link HeapError}: that of a file which cannot be read, EBB_HEAP_ABORTED when the signal says so, and
 * EBB_HEAP_WORKER_FAILED when the thread fails, which is most often want of memory.
 */
export async function openSnapshot(file: string, options: OpenOptions = {}): Promise<Snapshot> {
  const { cwd = process.cwd(), allowStrings = false, sourceMaps, maxScriptHeapMb, ...rest } = options;
  if (maxScriptHeapMb !== undefined && !(maxScriptHeapMb >= LEAST_SCRIPT_HEAP_MB))
    throw new HeapError(
      'EBB_HEAP_BAD_QUERY',
      `A JavaScript heap of ${maxScriptHeapMb} MB is too small to start a thread: give ${LEAST_SCRIPT_HEAP_MB} or more.`,
    );
  const maps = sourceMaps === undefined ? {} : { sourceMaps };
  const thread = new QueryThread({ cwd, allowStrings, file, ...maps }, maxScriptHeapMb);
  try {
    await thread.opened(rest);
  } catch (error) {
    await thread.close();
    throw error;
  }
  return new Snapshot({ file, cwd, ...maps }, thread);
}

/**
 * An open heap snapshot. Objects are addressed by V8's ids, which are the same in every snapshot of one process. Queries
 * are served one after another, in the order in which they are asked; none blocks the caller's event loop.
 *
 * Every query takes {@link QueryOptions} last, and rejects with a {@link HeapError}: EBB_HEAP_ABORTED when its signal
 * says so, EBB_HEAP_UNKNOWN_OBJECT for an id that the snapshot does not have, EBB_HEAP_BAD_QUERY for what makes no
 * sense, EBB_HEAP_CLOSED after {@link Snapshot.close}, EBB_HEAP_WORKER_FAILED once the thread has failed.
 */
export class Snapshot {
  /** The snapshot's file, as it was named. */
  readonly file: string;
  readonly #opened: { cwd: string; sourceMaps?: string };
  readonly #thread: QueryThread;

  /** Made by {@link openSnapshot}. */
  constructor(opened: { file: string; cwd: string; sourceMaps?: string }, thread: QueryThread) {
    this.file = opened.file;
    this.#opened = opened;
    this.#thread = thread;
  }

  /** The whole heap in a few figures. */
  summary(options: QueryOptions = {}): Promise<HeapSummary> {
    return this.#thread.ask('summary', null, options);
  }

  /**
   * What people look for in a snapshot whether or not it leaks: duplicated strings, large buffers, collections with more
   * room than content, scopes that a small closure keeps, a treemap. Made once; takes seconds where the heap is large.
   */
  contents(options: QueryOptions = {}): Promise<HeapContents> {
    return this.#thread.ask('contents', null, options);
  }

  /** Classes with their objects' count and sizes, those that retain most first. */
  classes(query: ClassQuery = {}, options: QueryOptions = {}): Promise<Page<ClassSummary>> {
    return this.#thread.ask('classes', query, options);
  }

  /** Objects of one class, the largest first. A class that is not there has no objects. */
  objects(query: ObjectQuery, options: QueryOptions = {}): Promise<Page<HeapObject>> {
    return this.#thread.ask('objects', query, options);
  }

  /** An object, and what it refers to, the heaviest first. */
  object(id: number, page: PageQuery = {}, options: QueryOptions = {}): Promise<ObjectDetails> {
    return this.#thread.ask('object', { id, ...page }, options);
  }

  /** What refers to an object and keeps it alive, the nearest to the program's globals first. */
  retainers(id: number, page: PageQuery = {}, options: QueryOptions = {}): Promise<Page<Reference>> {
    return this.#thread.ask('retainers', { id, ...page }, options);
  }

  /** Why an object is still there, as findings tell it: through the reader's own code, with the line that adds to it. */
  path(id: number, options: QueryOptions = {}): Promise<ObjectPath> {
    return this.#thread.ask('path', { id }, options);
  }

  /** The fewest references from the root to an object, V8's own objects among them. */
  shortestPath(id: number, options: QueryOptions = {}): Promise<ShortestPath> {
    return this.#thread.ask('shortestPath', { id }, options);
  }

  /** Objects that every way to this one goes through: without one of them it would be freed. The nearest first. */
  dominators(id: number, page: PageQuery = {}, options: QueryOptions = {}): Promise<Page<HeapObject>> {
    return this.#thread.ask('dominators', { id, ...page }, options);
  }

  /** Objects that are freed with this one and with nothing nearer, the heaviest first. */
  dominated(id: number, page: PageQuery = {}, options: QueryOptions = {}): Promise<Page<HeapObject>> {
    return this.#thread.ask('dominated', { id, ...page }, options);
  }

  /** Everything that would be freed with an object, by class. */
  retainedSet(id: number, page: PageQuery = {}, options: QueryOptions = {}): Promise<RetainedSet> {
    return this.#thread.ask('retainedSet', { id, ...page }, options);
  }

  /** Objects that a property or variable of this name holds, the heaviest first. */
  findByName(query: NameQuery, options: QueryOptions = {}): Promise<Page<NamedObject>> {
    return this.#thread.ask('findByName', query, options);
  }

  /** What the code of a file, or of one class or function in it, made and keeps, the heaviest first. */
  findByCode(query: CodeQuery, options: QueryOptions = {}): Promise<FoundCode> {
    return this.#thread.ask('findByCode', query, options);
  }

  /**
   * What came, went and stayed since an earlier snapshot of the same process, by class. Of an open snapshot the objects
   * are taken from its thread; a file is read first. Rejects with EBB_HEAP_DIFFERENT_PROGRAMS and EBB_HEAP_WRONG_ORDER,
   * too.
   */
  async compare(
    earlier: string | Snapshot,
    query: ComparisonQuery = {},
    options: QueryOptions = {},
  ): Promise<Comparison> {
    const known = typeof earlier === 'string' ? earlier : await earlier.#census(options);
    return this.#thread.ask('compare', { ...query, with: known }, options);
  }

  /**
   * What leaks, or what may: this snapshot analysed after earlier ones of the same process, oldest first, in a thread of
   * its own. Without earlier ones, what dominates. The same as `analyzeSnapshots`.
   */
  findings(earlier: readonly string[] = [], options: QueryOptions = {}): Promise<FindingsReport> {
    return analyzeSnapshots([...earlier, this.file], { ...this.#opened, ...options });
  }

  /** Gives the memory back. Queries that wait reject with EBB_HEAP_CLOSED. Closing twice is fine. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #census(options: QueryOptions): Promise<Census> {
    return this.#thread.ask('census', null, options);
  }
}
