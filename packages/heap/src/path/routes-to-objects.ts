/**
 * The way to each object that a person would tell: the cheapest path from the root, where named references cost little
 * and V8's and Node's plumbing costs much. Dijkstra's algorithm with Dial's buckets (R. Dial, CACM 12(11), 1969): costs
 * are small integers. O(edges).
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import { NO_NODE } from '../graph/dominators.ts';

/** The tree of cheapest paths. */
export interface Routes {
  /** The node before on the path; NO_NODE for the root and what is not reached. */
  before: Uint32Array;
  /** The edge by which the path enters a node. */
  edge: Uint32Array;
}

const MAX_COST = 60;

/** Finds the cheapest path to every node. `strangeness` is what a function's or instance's code adds. */
export function findRoutes(graph: HeapGraph, strangeness: (node: number) => number): Routes {
  const { nodeCount, firstEdge, edgeTo, edgeIsStrong } = graph;
  const before = new Uint32Array(nodeCount).fill(NO_NODE);
  const viaEdge = new Uint32Array(nodeCount);
  const cost = new Uint32Array(nodeCount).fill(NO_NODE);
  const done = new Uint8Array(nodeCount);
  const edgeCost = edgeCosts(graph);
  const nodeCost = nodeCosts(graph, strangeness);
  const buckets: number[][] = Array.from({ length: MAX_COST + 1 }, () => []);
  cost[0] = 0;
  buckets[0].push(0);
  let waiting = 1;
  for (let now = 0; waiting > 0; now++) {
    const bucket = buckets[now % (MAX_COST + 1)];
    for (let at = 0; at < bucket.length; at++) {
      const node = bucket[at];
      waiting--;
      if (done[node] || cost[node] !== now) continue;
      done[node] = 1;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        if (edgeIsStrong[edge] === 0) continue;
        const to = edgeTo[edge];
        if (done[to]) continue;
        const next = now + Math.max(1, Math.min(MAX_COST, edgeCost(node, edge) + nodeCost(to)));
        if (next >= cost[to]) continue;
        cost[to] = next;
        before[to] = node;
        viaEdge[to] = edge;
        buckets[next % (MAX_COST + 1)].push(to);
        waiting++;
      }
    }
    bucket.length = 0;
  }
  return { before, edge: viaEdge };
}

const CHEAP_INTERNAL = new Set(['table', 'elements', 'properties', 'context', 'backing_store']);
const CODE_INTERNAL =
  /^(shared|code|feedback_cell|initial_map|map|prototype_info|scope_info|constructor_or_back_pointer|dependent_code|function_data)$/;

function edgeCosts(graph: HeapGraph): (from: number, edge: number) => number {
  const { edgeType, edgeName, edgeTypes, strings } = graph;
  const costOfName = new Map<number, number>();
  const named = (edge: number, property: boolean): number => {
    const key = edgeName[edge] * 2 + (property ? 1 : 0);
    let cost = costOfName.get(key);
    if (cost === undefined) {
      const name = strings.get(edgeName[edge]);
      if (property) cost = name === '__proto__' ? 15 : name === 'constructor' || name === 'prototype' ? 6 : 1;
      else if (CHEAP_INTERNAL.has(name)) cost = 1;
      else cost = CODE_INTERNAL.test(name) ? 40 : name === 'previous' ? 3 : 5;
      costOfName.set(key, cost);
    }
    return cost;
  };
  return (from, edge) => {
    const type = edgeType[edge];
    if (type === edgeTypes.context) return 1;
    if (type === edgeTypes.property) return named(edge, true);
    if (type === edgeTypes.element) return 1;
    if (type === edgeTypes.internal) return named(edge, false);
    if (type === edgeTypes.shortcut) return 1;
    return from === 0 ? 20 : 2;
  };
}

function nodeCosts(graph: HeapGraph, strangeness: (node: number) => number): (node: number) => number {
  const { nodeType, nodeTypes, strings, nodeName } = graph;
  return (node) => {
    const type = nodeType[node];
    if (type === nodeTypes.object || type === nodeTypes.closure) return strangeness(node);
    if (type === nodeTypes.code || type === nodeTypes.objectShape) return 40;
    // Two of these (GC roots, stack roots) cost more than any way through the program's modules.
    if (type === nodeTypes.synthetic) return MAX_COST;
    if (type === nodeTypes.native) return 20;
    if (type === nodeTypes.hidden) return strings.get(nodeName[node]) === 'system / NativeContext' ? 15 : 1;
    return 0;
  };
}

/** The path from the root to a node: nodes with the edge by which each is entered. */
export function routeTo(routes: Routes, node: number): { node: number; edge: number }[] {
  const path: { node: number; edge: number }[] = [];
  for (let at = node; at !== NO_NODE; at = routes.before[at]) path.push({ node: at, edge: routes.edge[at] });
  return path.reverse();
}
