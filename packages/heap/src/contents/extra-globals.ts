/**
 * Global objects beside the program's own: `vm` makes one for each context, with copies of all of the language's classes
 * (a quarter of a megabyte), and any object or function that comes out of it keeps the whole of it.
 */
import type { Place } from '../finding/finding.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { ExtraGlobal } from './contents.ts';
import { toldPath } from './told-path.ts';

const MOST_GLOBALS = 10;

/** Tells those of all global scopes that are not the program's own, which most functions and scopes refer to, the heaviest first. */
export function describeExtraGlobals(heap: OpenedHeap, globals: readonly number[]): ExtraGlobal[] {
  const { retained } = heap;
  const { nodeId, firstRetainer } = heap.graph;
  const retainers = (node: number): number => firstRetainer[node + 1] - firstRetainer[node];
  return [...globals]
    .sort((a, b) => retainers(b) - retainers(a))
    .slice(1)
    .sort((a, b) => retained[b] - retained[a])
    .slice(0, MOST_GLOBALS)
    .map((node) => ({
      retainedBytes: retained[node],
      nodeId: nodeId[node],
      path: beforeBuiltIns(toldPath(heap, programsOwn(heap, node))),
    }));
}

/** The last object or function of the program on the way to a global scope, which has no name itself. */
function programsOwn({ graph, routes }: OpenedHeap, node: number): number {
  const way = routes.to(node).slice(0, -1);
  return way.findLast((step) => isOfProgram(graph, step.node))?.node ?? node;
}

function isOfProgram({ nodeType, nodeTypes }: HeapGraph, node: number): boolean {
  return nodeType[node] === nodeTypes.object || nodeType[node] === nodeTypes.closure;
}

/** What comes behind a prototype is the language's own: the object before it is what keeps the scope. */
function beforeBuiltIns(path: Place[]): Place[] {
  const at = path.findIndex(({ edge }) => edge === '__proto__' || edge === 'constructor');
  return at > 0 ? path.slice(0, at) : path;
}
