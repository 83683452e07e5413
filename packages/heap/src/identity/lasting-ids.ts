import { HeapError } from '../errors/heap-error.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { type ForkMark, forkMark } from './fork-mark.ts';
import { newestId } from './object-identity.ts';
import { isStandardInput } from '../parse/source/open-source.ts';
import { NO_OBJECT, type References, referencesOf, sameObjects } from './same-objects.ts';

/** Functions stay as long as their module does. Where fewer of them are found again, another process wrote the snapshot. */
const LEAST_FUNCTIONS_FOUND = 0.9;

/**
 * Gives the objects of a series of snapshots ids that the same object has in all of them, as `objectId`. Those that V8
 * gave serve as long as the process itself wrote; from the first snapshot of a forked child on, the same objects are
 * found by how they are held.
 */
export class LastingIds {
  readonly #read: (file: string) => HeapGraph;
  #previous: Taken | null = null;
  /** Whether objects are told by how they are held: then their ids do not tell which snapshot is the older one. */
  isByPlace = false;
  #newest = 0;
  #lastFork: (ForkMark & { file: string }) | null = null;

  /** `read` is asked for a snapshot again where the process wrote it and a child the next one. */
  constructor(read: (file: string) => HeapGraph) {
    this.#read = read;
  }

  /**
   * Takes the next snapshot, oldest first. That of a child is kept until the next one comes.
   *
   * @throws {HeapError} EBB_HEAP_DIFFERENT_PROGRAMS, EBB_HEAP_WRONG_ORDER
   */
  take(graph: HeapGraph): void {
    const previous = this.#previous;
    const mark = forkMark(graph.strings);
    this.isByPlace ||= mark !== null;
    if (mark !== null) this.#checkMark(mark, graph.file);
    if (previous !== null && this.isByPlace) {
      const older = previous.graph ?? this.#read(previous.file);
      const olderOf = sameObjects(older, graph);
      if (!previous.isForked || mark === null) checkFunctions(older, graph, olderOf);
      graph.objectId = this.#numbered(previous.objectId, olderOf);
    }
    this.#newest = Math.max(this.#newest, newestId(graph.objectId));
    const isKept = this.isByPlace || isStandardInput(graph.file);
    const { file, objectId } = graph;
    this.#previous = { file, objectId, isForked: mark !== null, graph: isKept ? referencesOf(graph) : null };
  }

  #checkMark(mark: ForkMark, file: string): void {
    const last = this.#lastFork;
    if (last !== null && last.program !== mark.program) throw differentPrograms(last.file, file);
    if (last !== null && last.atMs > mark.atMs) throw wrongOrder(last.file, file);
    this.#lastFork = { ...mark, file };
  }

  /** The ids of those that were there before, and odd ones that nothing had yet for the others, as V8 counts. */
  #numbered(previous: Uint32Array, olderOf: Uint32Array): Uint32Array {
    const ids = new Uint32Array(olderOf.length);
    let newest = this.#newest;
    for (let node = 0; node < ids.length; node++) {
      ids[node] = olderOf[node] === NO_OBJECT ? (newest += 2) : previous[olderOf[node]];
    }
    return ids;
  }
}

interface Taken {
  file: string;
  objectId: Uint32Array;
  isForked: boolean;
  graph: References | null;
}

function checkFunctions(previous: References, next: References, olderOf: Uint32Array): void {
  const closuresIn = ({ nodeType, nodeTypes }: References): number =>
    nodeType.reduce((sum, type) => sum + Number(type === nodeTypes.closure), 0);
  let found = 0;
  for (let node = 0; node < olderOf.length; node++) {
    if (next.nodeType[node] === next.nodeTypes.closure && olderOf[node] !== NO_OBJECT) found++;
  }
  const fewest = Math.min(closuresIn(previous), closuresIn(next));
  if (found < fewest * LEAST_FUNCTIONS_FOUND) throw differentPrograms(previous.file, next.file);
}

/** Two snapshots are not of one process. */
export function differentPrograms(earlier: string, later: string): HeapError {
  return new HeapError(
    'EBB_HEAP_DIFFERENT_PROGRAMS',
    `${earlier} and ${later} are snapshots of different processes: their objects have nothing in common. Compare snapshots that one process wrote, without a restart between them.`,
  );
}

/** The snapshots are not oldest first. */
export function wrongOrder(earlier: string, later: string): HeapError {
  return new HeapError('EBB_HEAP_WRONG_ORDER', `${earlier} is newer than ${later}. Name the snapshots oldest first.`);
}
