/**
 * Global objects beside the program's own: `vm` makes one for each context, with copies of all of the language's classes
 * (a quarter of a megabyte), and any object or function that comes out of it keeps the whole of it.
 */
import type { Place } from '../finding/finding.ts';
import { ownGlobalScope } from '../graph/global-objects.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { bytesKeptBy } from '../graph/kept-by.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { internalTarget } from '../path/module-scopes.ts';
import type { ExtraGlobal } from './contents.ts';
import { toldPath } from './told-path.ts';

const MOST_GLOBALS = 10;

/** Tells those of all global scopes that are not the program's own, the heaviest first. O(edges) each at most. */
export function describeExtraGlobals(heap: OpenedHeap, globals: readonly number[]): ExtraGlobal[] {
  const { retained } = heap;
  const { nodeId } = heap.graph;
  const own = ownGlobalScope(heap.graph, globals);
  return globals
    .filter((node) => node !== own)
    .sort((a, b) => retained[b] - retained[a])
    .slice(0, MOST_GLOBALS)
    .map((node) => ({
      retainedBytes: keptBytes(heap, node),
      nodeId: nodeId[node],
      path: beforeBuiltIns(toldPath(heap, programsOwn(heap, node))),
    }))
    .sort((a, b) => b.retainedBytes - a.retainedBytes);
}

/** What a scope keeps with its global object, which the root holds beside it where V8 itself is at work in the scope. */
function keptBytes({ graph, tree, retained }: OpenedHeap, scope: number): number {
  const object = internalTarget(graph, scope, 'extension');
  return object < 0 || tree.idom[object] === scope ? retained[scope] : bytesKeptBy(graph, [scope, object]);
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
