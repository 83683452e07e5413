/** Answers the queries about one snapshot, one at a time. Synchronous; runs in a worker thread. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HeapContents } from '../contents/contents.ts';
import { describeContents } from '../contents/describe-contents.ts';
import { HeapError } from '../errors/heap-error.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { MapFolder } from '../naming/map-folder.ts';
import { openHeap } from '../opened/opened-heap.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { type Census, takeCensus } from './census.ts';
import { listClasses, listObjects, summarizeHeap } from './classes.ts';
import { type Changes, findChanges, tellChanges } from './compare.ts';
import { dominatedBy, dominatorsOf, retainedSetOf } from './dominance.ts';
import { findByCode, findByName } from './find.ts';
import { pathTo, shortestPathTo } from './paths.ts';
import type { QueryControl } from './control.ts';
import { QueriedHeap } from './queried-heap.ts';
import type { Queries, QueryName } from './queries.ts';
import { describeObject, retainersOf } from './references.ts';

/** What opening a snapshot needs. */
export interface OpeningInput {
  file: string;
  /** The repository or working directory: what `repoPath` is relative to. */
  cwd: string;
  allowStrings: boolean;
  /** A folder of source maps that are kept apart from the scripts. */
  sourceMaps?: string;
}

type Handlers = {
  [Name in QueryName]: (input: Queries[Name]['input'], control: QueryControl) => Queries[Name]['answer'];
};

/** Answers queries. */
export type Serve = <Name extends QueryName>(
  name: Name,
  input: Queries[Name]['input'],
  control: QueryControl,
) => Queries[Name]['answer'];

/** Reads a snapshot and makes it ready for queries. Throws a {@link HeapError}. */
export function openForQueries({ file, cwd, allowStrings, sourceMaps }: OpeningInput, control: QueryControl): Serve {
  const maps = sourceMaps === undefined ? undefined : new MapFolder(resolve(cwd, sourceMaps));
  const graph = readGraph(file, control);
  const onProgress = (phase: string, fraction: number): void => control.onProgress(phase, file, fraction);
  const queried = new QueriedHeap(openHeap(graph, { cwd, maps, onProgress }), allowStrings);
  const changes = new RecentChanges(queried);
  let contents: HeapContents | undefined;
  const handlers: Handlers = {
    summary: (_, ask) => summarizeHeap(queried, ask),
    contents: (_, ask) => {
      ask.onProgress('describing what it holds', file, 0);
      return (contents ??= describeContents(queried.heap));
    },
    classes: (input, ask) => listClasses(queried, input, ask),
    objects: (input, ask) => listObjects(queried, input, ask),
    object: (input) => describeObject(queried, input),
    retainers: (input) => retainersOf(queried, input),
    path: (input) => pathTo(queried, input),
    shortestPath: (input, ask) => shortestPathTo(queried, input, ask),
    dominators: (input) => dominatorsOf(queried, input),
    dominated: (input) => dominatedBy(queried, input),
    retainedSet: (input, ask) => retainedSetOf(queried, input, ask),
    findByName: (input, ask) => findByName(queried, input, ask),
    findByCode: (input, ask) => findByCode(queried, input, ask),
    compare: (input, ask) => tellChanges(queried, changes.since(input.with, ask), input),
    census: () => takeCensus(graph),
  };
  return (name, input, ask) => {
    if (!Object.hasOwn(handlers, name)) throw new HeapError('EBB_HEAP_BAD_QUERY', `There is no query "${name}".`);
    return handlers[name](input, ask);
  };
}

function readGraph(file: string, { onProgress, checkpoint }: QueryControl): HeapGraph {
  const parsed = parseSnapshot(file, (done, of) => {
    checkpoint();
    onProgress('reading', file, of === undefined ? 0 : of > 0 ? done / of : 1);
  });
  onProgress('building the graph', file, 0);
  return buildGraph(parsed);
}

const MOST_COMPARISONS = 4;

/** The last few comparisons, so that the next page of one costs no reading. */
class RecentChanges {
  readonly #queried: QueriedHeap;
  readonly #changes = new Map<string, Changes>();

  constructor(queried: QueriedHeap) {
    this.#queried = queried;
  }

  since(earlier: string | Census, control: QueryControl): Changes {
    const key = typeof earlier === 'string' ? stampOf(earlier) : `${earlier.file} ${earlier.newestId}`;
    let changes = this.#changes.get(key);
    if (changes === undefined) {
      // One that was read for its census is not read again where objects have to be told by how they are held.
      let read = (file: string): HeapGraph => readGraph(file, control);
      let census = earlier;
      if (typeof census === 'string') {
        const graph = read(census);
        read = () => graph;
        census = takeCensus(graph);
      }
      control.onProgress('comparing', this.#queried.graph.file, 0);
      changes = findChanges(this.#queried, census, control, read);
      this.#changes.set(key, changes);
      const oldest = this.#changes.keys().next().value;
      if (this.#changes.size > MOST_COMPARISONS && oldest !== undefined) this.#changes.delete(oldest);
    }
    return changes;
  }
}

/** A file as it is now: what was read from it before it was written again is not its content any more. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return `${file} ${stat ? `${stat.size} ${stat.mtimeMs}` : ''}`;
}
