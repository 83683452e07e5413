import type { HeapGraph } from './heap-graph.ts';

/**
 * Whether a node is memory that V8 keeps on behalf of a JavaScript object (the table of a Map, the elements of an
 * array, a dictionary of properties) rather than an object that a program can name.
 */
export function isBackingStore(graph: HeapGraph, node: number): boolean {
  return graph.nodeType[node] === graph.nodeTypes.array;
}

const MAX_CLIMB = 4;

/**
 * The JavaScript object that a backing store belongs to: the first retainer that is no backing store itself. The node
 * itself where it is none; -1 where nothing but V8 holds it.
 */
export function containerOf(graph: HeapGraph, node: number): number {
  let at = node;
  for (let climbed = 0; climbed < MAX_CLIMB && isBackingStore(graph, at); climbed++) {
    const slot = graph.firstRetainer[at];
    if (slot === graph.firstRetainer[at + 1]) return -1;
    at = graph.retainerNode[slot];
  }
  if (isBackingStore(graph, at)) return -1;
  return at;
}

/** How many strong references to other objects each JavaScript object has, its backing stores' included, and the bytes of those stores. */
export interface ContainerSizes {
  degree: Uint32Array;
  storeBytes: Float64Array;
  /** Numbered elements of the object itself: an array's length where it has no holes. */
  elements: Uint32Array;
}

/** Measures every container of a graph. O(edges). */
export function measureContainers(graph: HeapGraph): ContainerSizes {
  const { nodeCount, firstEdge, edgeTo, edgeIsStrong, edgeType, edgeTypes, nodeSelfSize, nodeType, nodeTypes } = graph;
  const degree = new Uint32Array(nodeCount);
  const storeBytes = new Float64Array(nodeCount);
  const elements = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const store = isBackingStore(graph, node);
    const container = store ? containerOf(graph, node) : node;
    if (container < 0) continue;
    if (store) storeBytes[container] += nodeSelfSize[node];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (!store && edgeType[edge] === edgeTypes.element) elements[node]++;
      // V8's own (hidden) values are no content: a Map's table is full of holes where entries were deleted.
      const to = edgeTo[edge];
      if (edgeIsStrong[edge] === 1 && !isBackingStore(graph, to) && nodeType[to] !== nodeTypes.hidden)
        degree[container]++;
    }
  }
  return { degree, storeBytes, elements };
}
