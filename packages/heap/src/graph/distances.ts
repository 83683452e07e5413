/**
 * Distances from the program's global objects, by DevTools' rule (front_end/entrypoints/heap_snapshot_worker,
 * `JSHeapSnapshot.calculateDistances`), equal to its figures node by node (distances.oracle.test.ts):
 *
 * 1. what the root refers to and is no group of V8's own roots is at distance 1; from there breadth first;
 * 2. what that does not reach is counted from the root, from {@link SYSTEM_DISTANCE} on: V8's and Node's own;
 * 3. weak edges lead nowhere; of the two edges to a WeakMap's value the second that is met counts, as it needs both;
 *    descriptor arrays and the map of sloppy functions, which much of the heap shares, lead nowhere either.
 */
import type { HeapGraph } from './heap-graph.ts';

/** Distances from here on are of what the program itself does not reach. */
export const SYSTEM_DISTANCE = 100_000_000;

/** The distance of what nothing reaches. */
export const NO_DISTANCE = -5;

/** The distance of every node, by ordinal. O(edges); 4 bytes a node stay. */
export function computeDistances(graph: HeapGraph): Int32Array {
  const { nodeCount, nodeType, nodeTypes, firstEdge, edgeTo, edgeType, edgeTypes } = graph;
  const distances = new Int32Array(nodeCount).fill(NO_DISTANCE);
  const queue = new Uint32Array(nodeCount);
  const leads = edgeFilter(graph);
  const search = (waiting: number): void => {
    for (let at = 0, end = waiting; at < end; at++) {
      const node = queue[at];
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        const to = edgeTo[edge];
        if (edgeType[edge] === edgeTypes.weak || distances[to] !== NO_DISTANCE || !leads(node, edge)) continue;
        distances[to] = distances[node] + 1;
        queue[end++] = to;
      }
    }
  };
  let starts = 0;
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    const to = edgeTo[edge];
    if (nodeType[to] === nodeTypes.synthetic || distances[to] === 1) continue;
    distances[to] = 1;
    queue[starts++] = to;
  }
  search(starts);
  distances[0] = starts > 0 ? SYSTEM_DISTANCE : 0;
  queue[0] = 0;
  search(1);
  return distances;
}

const WEAK_ENTRY = /^\d+( \/ part of key \(.*? @\d+\) -> value \(.*? @\d+\) pair in WeakMap \(table @\d+\))$/s;
const SHORTEST_WEAK_ENTRY = '0 / part of key ( @1) -> value ( @1) pair in WeakMap (table @1)'.length;
const LONGEST_WEAK_ENTRY = 6 * 1024;

/** What DevTools looks through; asked once for each edge that would lead to something new. */
function edgeFilter(graph: HeapGraph): (from: number, edge: number) => boolean {
  const { nodeType, nodeTypes, nodeName, edgeType, edgeTypes, edgeName, strings } = graph;
  const entries = new Set<string>();
  const entryOfName = new Map<number, string>();
  const entryOf = (name: number): string => {
    let entry = entryOfName.get(name);
    if (entry === undefined) {
      const bytes = strings.byteLength(name);
      const may = bytes >= SHORTEST_WEAK_ENTRY && bytes <= LONGEST_WEAK_ENTRY;
      entry = may ? (WEAK_ENTRY.exec(strings.get(name))?.[1] ?? '') : '';
      entryOfName.set(name, entry);
    }
    return entry;
  };
  return (from, edge) => {
    const type = edgeType[edge];
    const isNumbered = type === edgeTypes.element || type === edgeTypes.hidden;
    if (nodeType[from] === nodeTypes.hidden && !isNumbered && strings.get(nodeName[from]) === 'system / NativeContext')
      return strings.get(edgeName[edge]) !== 'sloppy_function_map';
    if (nodeType[from] === nodeTypes.array && strings.get(nodeName[from]) === '(map descriptors)') {
      // Rows of key, type and descriptor from the third slot on: maps share them, so descriptors say nothing.
      const index = isNumbered ? edgeName[edge] : Number.parseInt(strings.get(edgeName[edge]), 10);
      return index < 2 || index % 3 !== 1;
    }
    if (type !== edgeTypes.internal) return true;
    const entry = entryOf(edgeName[edge]);
    if (entry === '' || entries.delete(entry)) return true;
    entries.add(entry);
    return false;
  };
}
