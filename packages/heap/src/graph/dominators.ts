/**
 * Immediate dominators by SemiNCA, and retained sizes: equal to DevTools', node by node (dominators.oracle.test.ts).
 *
 * L. Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", Princeton 2005, section 2.3: depth-first
 * numbering, semidominators with path compression, then the nearest common ancestor in the growing tree. Iterative
 * throughout: heaps hold chains a million links deep. O(edges log nodes) in theory, linear on heaps.
 *
 * What counts as holding is DevTools' choice (front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts), in order:
 *
 * 1. strong edges only, see `edgeIsStrong`;
 * 2. into what the program owns ({@link DepthFirst}), only edges of the root and of what the program owns;
 * 3. a node that no such edge leads to hangs on the root: V8 collected before it wrote, so something keeps it, if not in
 *    a way that the snapshot shows. What it holds, it holds;
 * 4. what is left are circles that nothing outside holds, and what hangs on those: each node hangs on the root alone.
 *
 * One thing is not taken over: DevTools moves the shallow size of a nameless array or hidden node into its one owner
 * before it adds up. That changes figures of such nodes only, which no report tells, and hides where bytes are.
 */
import type { HeapGraph } from './heap-graph.ts';

/** No node: the root's dominator. */
export const NO_NODE = 0xffffffff;

/** The dominator tree of all nodes. */
export interface DominatorTree {
  /** Immediate dominator by ordinal; the root's is {@link NO_NODE}. */
  idom: Uint32Array;
  /** All ordinals in preorder: the root first, behind each node at once all that it dominates. */
  order: Uint32Array;
  /** By place in `order`: the place behind the last of what the node there dominates. */
  end: Uint32Array;
  /** The place in `order` by ordinal. */
  place: Uint32Array;
}

/** What a node dominates directly, in preorder. */
export function* childrenOf({ order, end, place }: DominatorTree, node: number): Generator<number> {
  for (let at = place[node] + 1; at < end[place[node]]; at = end[at]) yield order[at];
}

/** Whether a node dominates another, or is that node. O(1). */
export function dominates({ end, place }: DominatorTree, above: number, node: number): boolean {
  return place[node] >= place[above] && place[node] < end[place[above]];
}

/** Marks, in the preorder number of a node, that the program does not own it. */
const NOT_OWNED = 0x80000000;

/** Computes the dominator tree from node 0. O(edges) time; about 30 bytes a node while it runs, 8 stay. */
export function computeDominators(graph: HeapGraph): DominatorTree {
  const { nodeCount, firstRetainer, retainerNode } = graph;
  const { order, reached, preorderOf, parent, programOwned } = numberNodes(graph);
  // One look tells both the number and the owner: these looks are what the time goes to.
  for (let node = 1; node < nodeCount; node++) if (programOwned[node] === 0) preorderOf[node] |= NOT_OWNED;

  // All arrays below are indexed by preorder number. Vertices above the one at hand are linked to their `ancestor`.
  const semi = new Uint32Array(reached + 1);
  const label = new Uint32Array(reached + 1);
  const ancestor = parent.slice(0, reached + 1);
  const path = new Uint32Array(reached);
  for (let v = 1; v <= reached; v++) {
    semi[v] = v;
    label[v] = v;
  }

  /** The vertex of least semidominator on the way from v up to the forest's root (at most w), compressing the way. */
  const evaluate = (v: number, w: number): number => {
    let u = v;
    let above = ancestor[u];
    if (above <= w) return label[v];
    let depth = 0;
    while (above > w) {
      path[depth++] = u;
      u = above;
      above = ancestor[u];
    }
    let least = label[u];
    let leastSemi = semi[least];
    while (depth > 0) {
      u = path[--depth];
      const own = label[u];
      if (leastSemi < semi[own]) label[u] = least;
      else {
        least = own;
        leastSemi = semi[own];
      }
      ancestor[u] = above;
    }
    return least;
  };

  for (let w = reached; w > 1; w--) {
    const node = order[w];
    // An orphan's parent is the root, whose number no other undercuts.
    let best = parent[w];
    const start = firstRetainer[node];
    const end = firstRetainer[node + 1];
    // A single retainer is the parent, or does not count.
    if (end - start > 1) {
      const ownedOnly = programOwned[node] === 1;
      for (let slot = start; slot < end; slot++) {
        let v = preorderOf[retainerNode[slot]];
        if (v >= NOT_OWNED) {
          if (ownedOnly) continue;
          v -= NOT_OWNED;
        }
        if (v === 0) continue; // not reached
        if (v > w) v = semi[evaluate(v, w)];
        if (v < best) best = v;
      }
    }
    semi[w] = best;
  }

  const dominator = label; // reuse
  dominator[1] = 1;
  for (let w = 2; w <= reached; w++) {
    const least = semi[w];
    let d = parent[w];
    while (d > least) d = dominator[d];
    dominator[w] = d;
  }

  // What is needed no more is used again: such arrays are most of what a parse costs at its peak.
  const size = semi.fill(1); // by number: nodes dominated, the node among them
  for (let w = reached; w > 1; w--) size[dominator[w]] += size[w];
  const next = ancestor; // by number: the place where the next child goes
  const preorder = new Uint32Array(nodeCount);
  const end = parent.subarray(1);
  next[1] = 1;
  preorder[0] = 0;
  end[0] = nodeCount;
  for (let w = 2; w <= reached; w++) {
    const at = next[dominator[w]];
    next[dominator[w]] = at + size[w];
    next[w] = at + 1;
    preorder[at] = order[w];
    end[at] = at + size[w];
  }
  // Circles that nothing holds hang on the root, by the fourth rule.
  for (let node = 0, at = reached; at < nodeCount; node++) {
    if ((preorderOf[node] & ~NOT_OWNED) !== 0) continue;
    preorder[at] = node;
    end[at] = ++at;
  }
  const idom = reached === nodeCount ? ancestor.subarray(1) : new Uint32Array(nodeCount);
  for (let w = 2; w <= reached; w++) idom[order[w]] = order[dominator[w]];
  idom[0] = NO_NODE;
  const place = preorderOf;
  for (let at = 0; at < nodeCount; at++) place[preorder[at]] = at;
  return { idom, order: preorder, end, place };
}

/** Whether a strong edge counts for dominance: into what the program owns, only the root's and the program's own do. */
function counts(from: number, to: number, programOwned: Uint8Array): boolean {
  return from === 0 || programOwned[to] === 0 || programOwned[from] === 1;
}

/** Numbers are those of a preorder, from 1; 0 stands for what was not reached. */
export interface DepthFirst {
  /** Ordinal by number. */
  order: Uint32Array;
  reached: number;
  /** Number by ordinal. */
  preorderOf: Uint32Array;
  /** The parent's number, by number. */
  parent: Uint32Array;
  /**
   * By ordinal: 1 for what the program's own global objects reach. DevTools' rule: what they hold, they hold; that one of
   * V8's or Node's internal roots points there too does not take it away from them. Reached is what any edge but a weak
   * one leads to, a WeakMap's table included. (Chrome's `(Document DOM trees)` are no start here: Node has none.)
   */
  programOwned: Uint8Array;
}

/**
 * Numbers what the root reaches, then what hangs on the root because nothing holds it, with what that reaches. The
 * program's own comes first, so that one walk both marks and numbers it.
 */
export function numberNodes(graph: HeapGraph): DepthFirst {
  const { nodeCount, firstEdge, edgeTo, edgeIsStrong, edgeType, edgeTypes, firstRetainer, retainerNode } = graph;
  const preorderOf = new Uint32Array(nodeCount);
  const order = new Uint32Array(nodeCount + 1);
  const parent = new Uint32Array(nodeCount + 1);
  const programOwned = new Uint8Array(nodeCount);
  // Of the way from the root to the node at hand; pages that a shallow heap does not reach are never touched.
  const stack = new Uint32Array(nodeCount);
  const nextEdge = new Uint32Array(nodeCount);
  let reached = 1;
  preorderOf[0] = 1;
  parent[1] = 1;
  const visitFrom = (start: number): void => {
    order[++reached] = start;
    preorderOf[start] = reached;
    parent[reached] = 1;
    let top = 0;
    stack[0] = start;
    nextEdge[0] = firstEdge[start];
    while (top >= 0) {
      const node = stack[top];
      const end = firstEdge[node + 1];
      const isOwned = programOwned[node] === 1;
      let edge = nextEdge[top];
      let child = 0;
      for (; edge < end && child === 0; edge++) {
        const to = edgeTo[edge];
        if (edgeIsStrong[edge] === 1) {
          if (preorderOf[to] === 0 && (isOwned || programOwned[to] === 0)) child = to;
        } else if (marks && edgeType[edge] !== edgeTypes.weak && programOwned[to] === 0) beyond.push(to);
      }
      nextEdge[top] = edge;
      if (child === 0) {
        top--;
        continue;
      }
      parent[++reached] = preorderOf[node];
      order[reached] = child;
      preorderOf[child] = reached;
      if (marks) programOwned[child] = 1;
      stack[++top] = child;
      nextEdge[top] = firstEdge[child];
    }
  };
  let marks = true;
  const beyond: number[] = []; // what the program's own reaches by edges that hold nothing: values in a WeakMap's table
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    const to = edgeTo[edge];
    if (edgeType[edge] !== edgeTypes.shortcut || programOwned[to] === 1) continue;
    if (to === 0) beyond.push(to);
    else {
      programOwned[to] = 1;
      visitFrom(to);
    }
  }
  marks = false;
  for (let slot = firstRetainer[0]; slot < firstRetainer[1]; slot++) {
    if (programOwned[retainerNode[slot]] === 1) beyond.push(0);
  }
  markReached(graph, programOwned, beyond);
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    if (edgeIsStrong[edge] === 1 && preorderOf[edgeTo[edge]] === 0) visitFrom(edgeTo[edge]);
  }
  for (let node = 1; node < nodeCount && reached < nodeCount; node++) {
    if (preorderOf[node] === 0 && isOrphan(graph, node, programOwned)) visitFrom(node);
  }
  return { order, reached, preorderOf, parent, programOwned };
}

/** Marks these nodes and what they reach by any edge but a weak one. Takes the list for its own. */
function markReached(graph: HeapGraph, marked: Uint8Array, found: number[]): void {
  const { firstEdge, edgeTo, edgeType, edgeTypes } = graph;
  for (let node = found.pop(); node !== undefined; node = found.pop()) {
    if (marked[node] === 1) continue;
    marked[node] = 1;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== edgeTypes.weak && marked[edgeTo[edge]] === 0) found.push(edgeTo[edge]);
    }
  }
}

function isOrphan(graph: HeapGraph, node: number, programOwned: Uint8Array): boolean {
  const { firstRetainer, retainerNode } = graph;
  for (let slot = firstRetainer[node]; slot < firstRetainer[node + 1]; slot++) {
    if (counts(retainerNode[slot], node, programOwned)) return false;
  }
  return true;
}

/** Retained size by ordinal, in bytes: the node's own and all that it dominates. O(nodes). */
export function retainedSizes({ nodeCount, nodeSelfSize }: HeapGraph, { idom, order }: DominatorTree): Float64Array {
  const retained = new Float64Array(nodeCount);
  for (let at = nodeCount - 1; at >= 0; at--) {
    const node = order[at];
    retained[node] += nodeSelfSize[node];
    if (at > 0) retained[idom[node]] += retained[node];
  }
  return retained;
}
