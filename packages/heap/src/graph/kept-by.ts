import type { HeapGraph } from './heap-graph.ts';

/**
 * Bytes that nothing but these nodes together holds, their own among them: what they reach and the root does not reach
 * without them. Of a single node that is its retained size, but for what DevTools counts as the program's own (dominators.ts). O(nodes + edges).
 */
export function bytesKeptBy(graph: HeapGraph, nodes: readonly number[]): number {
  const { nodeSelfSize } = graph;
  const reached = new Uint8Array(graph.nodeCount);
  for (const node of nodes) reached[node] = 1;
  walk(graph, [0], reached, () => {});
  let bytes = nodes.reduce((sum, node) => sum + nodeSelfSize[node], 0);
  walk(graph, nodes, reached, (node) => (bytes += nodeSelfSize[node]));
  return bytes;
}

/** Visits what these nodes reach by strong edges and is not yet marked, and marks it. */
function walk(graph: HeapGraph, from: readonly number[], reached: Uint8Array, visit: (node: number) => void): void {
  const { firstEdge, edgeTo, edgeIsStrong } = graph;
  const stack = [...from];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (edgeIsStrong[edge] === 0 || reached[to] === 1) continue;
      reached[to] = 1;
      visit(to);
      stack.push(to);
    }
  }
}
