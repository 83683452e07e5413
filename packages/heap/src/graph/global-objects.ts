/**
 * The program's own global object among those of the heap: `vm` makes one for each context, and where V8 happens to
 * hold that context itself (a function of it is being optimised, say) the root refers to it as it does to the own.
 */
import type { HeapGraph } from './heap-graph.ts';

/** Of several global scopes the program's own: the one that most functions and scopes refer to. Undefined of none. */
export function ownGlobalScope({ firstRetainer }: HeapGraph, scopes: readonly number[]): number | undefined {
  const retainers = (node: number): number => firstRetainer[node + 1] - firstRetainer[node];
  return scopes.length === 0
    ? undefined
    : scopes.reduce((most, node) => (retainers(node) > retainers(most) ? node : most));
}

/** Of the global objects that the root refers to the program's own; undefined where it refers to none. */
export function ownGlobalObject(graph: HeapGraph): number | undefined {
  const { firstEdge, edgeTo, edgeType, edgeTypes } = graph;
  const objects: number[] = [];
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    if (edgeType[edge] === edgeTypes.shortcut) objects.push(edgeTo[edge]);
  }
  if (objects.length < 2) return objects[0];
  const objectOf = new Map(objects.map((object) => [scopeOf(graph, object) ?? object, object]));
  return objectOf.get(ownGlobalScope(graph, [...objectOf.keys()]) ?? -1);
}

/** The global scope that a global object is the outermost part of. */
function scopeOf(graph: HeapGraph, object: number): number | undefined {
  const { firstRetainer, retainerNode, retainerEdge, edgeType, edgeTypes, edgeName, strings } = graph;
  for (let slot = firstRetainer[object]; slot < firstRetainer[object + 1]; slot++) {
    const edge = retainerEdge[slot];
    if (edgeType[edge] === edgeTypes.internal && strings.get(edgeName[edge]) === 'extension') return retainerNode[slot];
  }
  return undefined;
}
