/**
 * Immediate dominators by SemiNCA.
 *
 * L. Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", Princeton 2005, section 2.3: depth-first
 * numbering, semidominators with path compression, then the nearest common ancestor in the growing tree. Iterative
 * throughout: heaps hold chains a million links deep. O(edges log nodes) in theory, linear on heaps.
 */
import type { HeapGraph } from './heap-graph.ts';

/** No node: an unreachable node's dominator. */
export const NO_NODE = 0xffffffff;

/** What the graph's dominators are computed from: the strong edges, less those that `skip` takes out. */
export interface DominatorTree {
  /** Immediate dominator by ordinal; the root's and the unreachable nodes' is {@link NO_NODE}. */
  idom: Uint32Array;
  /** Reachable ordinals, each after its dominator. */
  order: Uint32Array;
}

/**
 * Nodes that the program's own global objects reach. DevTools' rule: what they hold, they hold; that one of V8's or
 * Node's internal roots points there too does not take it away from them.
 */
export function markProgramOwned(graph: HeapGraph): Uint8Array {
  const { nodeCount, firstEdge, edgeTo, edgeType, edgeTypes, edgeIsStrong } = graph;
  const owned = new Uint8Array(nodeCount);
  const stack = new Uint32Array(nodeCount);
  let top = 0;
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    const to = edgeTo[edge];
    if (edgeType[edge] !== edgeTypes.shortcut || owned[to]) continue;
    owned[to] = 1;
    stack[top++] = to;
  }
  while (top > 0) {
    const node = stack[--top];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (edgeIsStrong[edge] === 0 || owned[to]) continue;
      owned[to] = 1;
      stack[top++] = to;
    }
  }
  return owned;
}

/** Computes the dominator tree from node 0. O(edges) time and about 32 bytes a node. */
export function computeDominators(graph: HeapGraph, programOwned: Uint8Array = markProgramOwned(graph)): DominatorTree {
  const { nodeCount, firstRetainer, retainerNode } = graph;
  const { order, preorderOf, parent } = depthFirst(graph, programOwned);
  const reached = order.length;

  // All arrays below are indexed by preorder number.
  const semi = new Uint32Array(reached);
  const label = new Uint32Array(reached);
  const ancestor = new Uint32Array(reached).fill(NO_NODE);
  const path = new Uint32Array(reached);
  for (let v = 0; v < reached; v++) {
    semi[v] = v;
    label[v] = v;
  }

  /** The vertex of least semidominator on the way from v up to the forest's root, compressing the way. */
  const evaluate = (v: number): number => {
    if (ancestor[v] === NO_NODE) return label[v];
    let depth = 0;
    let u = v;
    while (ancestor[ancestor[u]] !== NO_NODE) {
      path[depth++] = u;
      u = ancestor[u];
    }
    while (depth > 0) {
      const w = path[--depth];
      const above = ancestor[w];
      if (semi[label[above]] < semi[label[w]]) label[w] = label[above];
      ancestor[w] = ancestor[above];
    }
    return label[v];
  };

  for (let w = reached - 1; w > 0; w--) {
    const node = order[w];
    let best = parent[w];
    for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
      const retainer = retainerNode[slot];
      const v = preorderOf[retainer];
      if (v === NO_NODE || !counts(retainer, node, programOwned)) continue;
      const candidate = v <= w ? v : semi[evaluate(v)];
      if (candidate < best) best = candidate;
    }
    semi[w] = best;
    ancestor[w] = parent[w];
  }

  const dominator = label; // reuse
  dominator[0] = 0;
  for (let w = 1; w < reached; w++) {
    let d = parent[w];
    while (d > semi[w]) d = dominator[d];
    dominator[w] = d;
  }

  const idom = new Uint32Array(nodeCount).fill(NO_NODE);
  for (let w = 1; w < reached; w++) idom[order[w]] = order[dominator[w]];
  return { idom, order };
}

/** Whether a strong edge counts for dominance: into what the program owns, only the root's and the program's own do. */
function counts(from: number, to: number, programOwned: Uint8Array): boolean {
  return from === 0 || programOwned[to] === 0 || programOwned[from] === 1;
}

function depthFirst(graph: HeapGraph, programOwned: Uint8Array): { order: Uint32Array; preorderOf: Uint32Array; parent: Uint32Array } {
  const { nodeCount, firstEdge, edgeTo, edgeIsStrong } = graph;
  const preorderOf = new Uint32Array(nodeCount).fill(NO_NODE);
  const order = new Uint32Array(nodeCount);
  const parent = new Uint32Array(nodeCount);
  const stack = new Uint32Array(nodeCount);
  const nextEdge = firstEdge.slice(0, nodeCount);
  let reached = 0;
  let top = 0;
  stack[top++] = 0;
  preorderOf[0] = reached;
  order[reached++] = 0;
  while (top > 0) {
    const node = stack[top - 1];
    const end = firstEdge[node + 1];
    let edge = nextEdge[node];
    for (; edge < end; edge++) {
      const to = edgeTo[edge];
      if (edgeIsStrong[edge] === 0 || preorderOf[to] !== NO_NODE || !counts(node, to, programOwned)) continue;
      parent[reached] = preorderOf[node];
      preorderOf[to] = reached;
      order[reached++] = to;
      stack[top++] = to;
      edge++;
      break;
    }
    nextEdge[node] = edge;
    if (stack[top - 1] === node) top--;
  }
  return { order: order.subarray(0, reached), preorderOf, parent: parent.subarray(0, reached) };
}

/** Retained size by ordinal, in bytes: the node's own and all that it dominates. O(nodes). */
export function retainedSizes(graph: HeapGraph, { idom, order }: DominatorTree): Float64Array {
  const retained = new Float64Array(graph.nodeCount);
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at];
    retained[node] += graph.nodeSelfSize[node];
    if (idom[node] !== NO_NODE) retained[idom[node]] += retained[node];
  }
  return retained;
}
