/**
 * Bounds that a program declares: a number by the name of a limit beside a collection, which the collection's size
 * respects. Numbers stand only in snapshots taken with `exposeNumericValues`, as Ebb takes them.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';

/** A limit found beside a collection. */
export interface DeclaredBound {
  name: string;
  limit: number;
}

/** Names of limits on how many; limits on bytes, ages and delays say nothing about how many. */
const LIMIT_NAME =
  /^[#_]*(?:max(?:imum)?(?:_?(?:entries|items|keys|elements|count|length|records|size))?|limit|capacity|(?:entries|items|keys|size|count|cache)_?limit)$/i;
const SIZE_LIMIT_NAME = /size/i;
const MEASURE_NAME = /size|bytes|weight/i;

/** The limit beside `holder` that `entries` respects, or undefined. O(retainers and their fields). */
export function declaredBound(graph: HeapGraph, holder: number, entries: number): DeclaredBound | undefined {
  for (let slot = graph.firstRetainer[holder]; slot < graph.firstRetainer[holder + 1]; slot++) {
    const edge = graph.edgeType[graph.retainerEdge[slot]];
    if (edge !== graph.edgeTypes.property && edge !== graph.edgeTypes.context) continue;
    const numbers = numbersOf(graph, graph.retainerNode[slot]);
    // A size that is kept apart from the number of entries: then a limit on size means that, not the number.
    const measures = numbers.some(
      ({ name, value }) => MEASURE_NAME.test(name) && !LIMIT_NAME.test(name) && value > entries,
    );
    const bound = numbers.find(
      ({ name, value }) => LIMIT_NAME.test(name) && value >= entries && !(measures && SIZE_LIMIT_NAME.test(name)),
    );
    if (bound) return { name: bound.name, limit: bound.value };
  }
  return undefined;
}

function numbersOf(graph: HeapGraph, node: number): { name: string; value: number }[] {
  const found: { name: string; value: number }[] = [];
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    const type = graph.edgeType[edge];
    if (type !== graph.edgeTypes.property && type !== graph.edgeTypes.context) continue;
    const to = graph.edgeTo[edge];
    if (graph.nodeType[to] !== graph.nodeTypes.number) continue;
    const value = numericValue(graph, to);
    if (value !== undefined && Number.isSafeInteger(value) && value > 0)
      found.push({ name: graph.strings.get(graph.edgeName[edge]), value });
  }
  return found;
}

/** A number node's value is a string that it refers to by `value`. */
function numericValue(graph: HeapGraph, number: number): number | undefined {
  for (let edge = graph.firstEdge[number]; edge < graph.firstEdge[number + 1]; edge++) {
    if (graph.edgeType[edge] !== graph.edgeTypes.internal || graph.strings.get(graph.edgeName[edge]) !== 'value')
      continue;
    return Number(graph.strings.get(graph.nodeName[graph.edgeTo[edge]]));
  }
  return undefined;
}
