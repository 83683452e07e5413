/** What came, what went and what stayed between two snapshots of one process, by V8's object ids. */
import { HeapError } from '../errors/heap-error.ts';
import { NO_NODE } from '../graph/dominators.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { forkMark } from '../identity/fork-mark.ts';
import { IdIndex } from '../identity/id-index.ts';
import { differentPrograms, LastingIds } from '../identity/lasting-ids.ts';
import { newestId, NO_SIGNATURE, signatureOf } from '../identity/object-identity.ts';
import type { ClassChange, Comparison } from './answers.ts';
import type { Census } from './census.ts';
import { badSort } from './classes.ts';
import { heaviestPage } from './page.ts';
import type { QueryControl } from './control.ts';
import type { QueriedHeap } from './queried-heap.ts';
import type { ComparisonQuery } from './queries.ts';

/** Functions keep id and name for life. Where fewer of the common ids mean the same, another process wrote the snapshot. */
const SAME_PROGRAM_SHARE = 0.95;
const FEWEST_COMPARED = 50;

/** Every class's change, before it is filtered and put in order. */
export interface Changes {
  earlier: string;
  classes: Omit<ClassChange, 'sampleId'>[];
  /** By class, the ordinal of the new object that retains most; NO_NODE where there is none. */
  samples: number[];
}

/**
 * Compares with an earlier snapshot. Throws EBB_HEAP_DIFFERENT_PROGRAMS and EBB_HEAP_WRONG_ORDER. O(nodes of both); 18
 * bytes an object of the earlier one meanwhile.
 */
export function findChanges(
  queried: QueriedHeap,
  earlier: Census,
  control: QueryControl,
  read: (file: string) => HeapGraph,
): Changes {
  const { graph, heap } = queried;
  const isByPlace = earlier.isForked || forkMark(graph.strings) !== null;
  graph.objectId = graph.nodeId; // another comparison may have set it
  const ids = isByPlace ? idsByPlace(graph, read(earlier.file)) : earlier.nodeId;
  const index = new IdIndex(ids.length);
  for (let row = ids.length - 1; row >= 0; row--) index.set(ids[row], row);
  if (!isByPlace) checkPair(queried, earlier, index);
  const later = queried.classes(control);
  const numbers = new Map(later.names.map((name, number) => [name, number]));
  const classes: Changes['classes'] = later.names.map(nothing);
  const numberOf = earlier.names.map((name) => {
    const known = numbers.get(name);
    return known ?? classes.push(nothing(name)) - 1;
  });
  const samples = new Array<number>(classes.length).fill(NO_NODE);
  const isKept = new Uint8Array(earlier.nodeId.length);
  for (let node = 0; node < graph.nodeCount; node++) {
    if ((node & 0xffff) === 0) control.checkpoint();
    const number = later.classOf[node];
    const change = classes[number];
    const row = index.get(graph.objectId[node]);
    // An id of Node's own objects may be given again to an object of another class.
    const isSame = row >= 0 && isKept[row] === 0 && numberOf[earlier.classOf[row]] === number;
    change.growthBytes += graph.nodeSelfSize[node];
    if (isSame) {
      isKept[row] = 1;
      change.keptObjects++;
      change.keptBytes += graph.nodeSelfSize[node];
    } else {
      change.newObjects++;
      change.newBytes += graph.nodeSelfSize[node];
      const best = samples[number];
      if (best === NO_NODE || heap.retained[node] > heap.retained[best]) samples[number] = node;
    }
  }
  for (let row = 0; row < isKept.length; row++) {
    const change = classes[numberOf[earlier.classOf[row]]];
    change.growthBytes -= earlier.selfSize[row];
    if (isKept[row] === 1) continue;
    change.goneObjects++;
    change.goneBytes += earlier.selfSize[row];
  }
  return { earlier: earlier.file, classes, samples };
}

/** Gives the objects of a graph the ids that those of an older one have, by ordinal of the older one. */
function idsByPlace(graph: HeapGraph, older: HeapGraph): Uint32Array {
  const ids = new LastingIds(() => older);
  ids.take(older);
  ids.take(graph);
  return older.objectId;
}

const orders = ['growthBytes', 'newBytes', 'newObjects', 'goneBytes'] as const;

/** Part of what changed, in the order that is asked for. */
export function tellChanges({ graph }: QueriedHeap, changes: Changes, query: ComparisonQuery): Comparison {
  const { filter = '', sort = 'growthBytes' } = query;
  if (!orders.includes(sort)) throw badSort(sort, [...orders]);
  const { classes, samples } = changes;
  const wanted = filter.toLowerCase();
  const sum = (field: Exclude<keyof ClassChange, 'type' | 'sampleId'>): number =>
    classes.reduce((total, change) => total + change[field], 0);
  const numbers = classes
    .map((_, number) => number)
    .filter((number) => classes[number].type.toLowerCase().includes(wanted))
    .filter((number) => classes[number].newObjects + classes[number].goneObjects > 0);
  return {
    earlier: changes.earlier,
    later: graph.file,
    newObjects: sum('newObjects'),
    newBytes: sum('newBytes'),
    goneObjects: sum('goneObjects'),
    goneBytes: sum('goneBytes'),
    keptObjects: sum('keptObjects'),
    keptBytes: sum('keptBytes'),
    growthBytes: sum('growthBytes'),
    classes: heaviestPage(
      numbers,
      (number) => classes[number][sort],
      query,
      (number) => {
        const sample = samples[number];
        return { ...classes[number], sampleId: sample === NO_NODE ? null : graph.nodeId[sample] };
      },
    ),
  };
}

function nothing(type: string): Omit<ClassChange, 'sampleId'> {
  return {
    type,
    newObjects: 0,
    newBytes: 0,
    goneObjects: 0,
    goneBytes: 0,
    keptObjects: 0,
    keptBytes: 0,
    growthBytes: 0,
  };
}

/** Throws unless both are of one process, the other one the older. */
function checkPair({ graph }: QueriedHeap, earlier: Census, index: IdIndex): void {
  let compared = 0;
  let same = 0;
  for (let node = 1; node < graph.nodeCount; node++) {
    if (graph.nodeType[node] !== graph.nodeTypes.closure || graph.nodeId[node] % 2 === 0) continue;
    const row = index.get(graph.nodeId[node]);
    if (row < 0) continue;
    const [before, now] = [earlier.signature[row], signatureOf(graph, node)];
    if (before === NO_SIGNATURE || now === NO_SIGNATURE) continue;
    compared++;
    if (before === now) same++;
  }
  if (compared >= FEWEST_COMPARED && same / compared < SAME_PROGRAM_SHARE)
    throw differentPrograms(earlier.file, graph.file);
  if (earlier.newestId > newestId(graph.nodeId))
    throw new HeapError(
      'EBB_HEAP_WRONG_ORDER',
      `${earlier.file} is newer than ${graph.file}: open the newer one and compare it with the older one.`,
    );
}
