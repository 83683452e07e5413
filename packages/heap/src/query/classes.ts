/** Classes and their objects. */
import type { ClassSummary, HeapObject, HeapSummary, Page } from './answers.ts';
import { viewOf } from './object-view.ts';
import { heaviestPage, pageOf } from './page.ts';
import type { QueryControl } from './control.ts';
import type { QueriedHeap } from './queried-heap.ts';
import type { ClassQuery, ObjectQuery } from './queries.ts';
import { HeapError } from '../errors/heap-error.ts';

/** Classes, filtered and in order. O(nodes) the first time. */
export function listClasses(queried: QueriedHeap, query: ClassQuery, control: QueryControl): Page<ClassSummary> {
  const table = queried.classes(control);
  const { filter = '', sort = 'retainedBytes' } = query;
  const wanted = filter.toLowerCase();
  const numbers = table.names
    .map((_, number) => number)
    .filter((number) => table.names[number].toLowerCase().includes(wanted));
  const tell = (number: number): ClassSummary => ({
    type: table.names[number],
    objects: table.objects[number],
    shallowBytes: table.shallowBytes[number],
    retainedBytes: table.retainedBytes[number],
    largestId: queried.graph.nodeId[table.largest[number]],
    location: queried.heap.locator.site(table.largest[number])?.location ?? null,
  });
  if (sort === 'type') {
    const sorted = numbers.sort((a, b) => (table.names[a] < table.names[b] ? -1 : 1));
    return pageOf(sorted, query, tell);
  }
  const weights = { retainedBytes: table.retainedBytes, shallowBytes: table.shallowBytes, objects: table.objects };
  if (!Object.hasOwn(weights, sort)) throw badSort(sort, [...Object.keys(weights), 'type']);
  return heaviestPage(numbers, (number) => weights[sort][number], query, tell);
}

/** What an order that does not exist is told. */
export function badSort(sort: string, orders: string[]): HeapError {
  return new HeapError('EBB_HEAP_BAD_QUERY', `There is no order "${sort}": sort by ${orders.join(', ')}.`);
}

/** Objects of one class, the largest first. O(nodes). */
export function listObjects(queried: QueriedHeap, query: ObjectQuery, control: QueryControl): Page<HeapObject> {
  const { names, classOf } = queried.classes(control);
  const { retained } = queried.heap;
  const { sort = 'retainedBytes' } = query;
  if (sort !== 'retainedBytes' && sort !== 'shallowBytes') throw badSort(sort, ['retainedBytes', 'shallowBytes']);
  const wanted = names.indexOf(query.type);
  const sizes = sort === 'retainedBytes' ? retained : queried.graph.nodeSelfSize;
  return heaviestPage(
    membersOf(classOf, wanted),
    (node) => sizes[node],
    query,
    (node) => viewOf(queried, node),
  );
}

function* membersOf(classOf: Uint32Array, wanted: number): Generator<number> {
  for (let node = 0; node < classOf.length; node++) if (classOf[node] === wanted) yield node;
}

/** The whole heap in a few figures. O(nodes). */
export function summarizeHeap(queried: QueriedHeap, control: QueryControl): HeapSummary {
  const { graph, heap } = queried;
  const { nodeTypeNames, nodeFieldCount } = graph.layout;
  const kinds = nodeTypeNames.map((kind) => ({ kind, objects: 0, shallowBytes: 0 }));
  for (let node = 0; node < graph.nodeCount; node++) {
    kinds[graph.nodeType[node]].objects++;
    kinds[graph.nodeType[node]].shallowBytes += graph.nodeSelfSize[node];
  }
  return {
    file: graph.file,
    fileBytes: graph.fileBytes,
    ...(graph.lost.length > 0 ? { lost: graph.lost } : {}),
    nodeVersion: nodeVersion(queried),
    nodeFields: nodeFieldCount,
    objects: graph.nodeCount,
    references: graph.edgeCount,
    heapBytes: heap.retained[0],
    classes: queried.classes(control).names.length,
    kinds: kinds.filter(({ objects }) => objects > 0).sort((a, b) => b.shallowBytes - a.shallowBytes),
  };
}

/** `process.version`, the one string that is told: it must look like one. */
function nodeVersion({ graph }: QueriedHeap): string | null {
  const { nodeType, nodeTypes, nodeName, firstEdge, edgeTo, edgeType, edgeTypes, edgeName, strings } = graph;
  for (let node = 0; node < graph.nodeCount; node++) {
    if (nodeType[node] !== nodeTypes.object || strings.get(nodeName[node]) !== 'process') continue;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (edgeType[edge] !== edgeTypes.property || nodeType[to] !== nodeTypes.string) continue;
      if (strings.get(edgeName[edge]) !== 'version') continue;
      const version = strings.get(nodeName[to]);
      if (/^v\d+\.\d+\.\d+[\w.-]*$/.test(version)) return version;
    }
  }
  return null;
}
