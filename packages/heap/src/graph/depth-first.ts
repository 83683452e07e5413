/** The depth-first numbering that dominators are computed on, and what the program owns. */
import type { HeapGraph } from './heap-graph.ts';

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
  // While it holds, all that is reached is the program's own.
  let marks = true;
  const beyond: number[] = []; // what the program's own reaches by edges that hold nothing: values in a WeakMap's table
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
