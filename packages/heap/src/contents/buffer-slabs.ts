/**
 * Node cuts small Buffers (`Buffer.from`, `Buffer.allocUnsafe`) from slabs, and one small Buffer keeps its whole slab: 20
 * bytes kept, 8 KB held (64 KB from Node 24 on). A slab is known by its size and hidden class, which are those of the one
 * that is cut from at the moment: the variable `allocPool` of node:buffer. A Buffer that is cut from a slab is less than
 * half of it; V8 does not write how much less, so that waste can be claimed only where one Buffer alone keeps a slab.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { isView } from '../graph/array-buffers.ts';
import type { BufferSlabs } from './contents.ts';
import type { References } from './references.ts';
import { toldPath } from './told-path.ts';

const MOST_GROUPS = 5;
const LEAST_SLABS = 2;
/** One for each thread's and context's copy of node:buffer; a heap with more is none of Node's. */
const MOST_POOLS = 64;
/** An ArrayBuffer has three or four references, and seldom a property of its own. */
const EDGES_LOOKED_AT = 32;

/** Finds slabs that one Buffer alone keeps, by the references that hold those Buffers. */
export function describeSlabs(
  heap: OpenedHeap,
  references: References,
  { stores, contexts }: { stores: readonly number[]; contexts: readonly number[] },
): BufferSlabs[] {
  const { graph } = heap;
  const { nodeSelfSize, retainerNode, firstRetainer } = graph;
  const pools = poolsOf(graph, contexts);
  if (pools.length === 0) return [];
  const kinds = pools.map((pool) => ({ bytes: nodeSelfSize[storeOf(graph, pool)], shape: shapeOf(graph, pool) }));
  const groups = new Map<number, { view: number; slabs: number; bytes: number }>();
  for (const store of stores) {
    const bytes = nodeSelfSize[store];
    if (!kinds.some((kind) => kind.bytes === bytes)) continue;
    const buffer = retainerNode[firstRetainer[store]];
    if (firstRetainer[store + 1] === firstRetainer[store] || pools.includes(buffer)) continue;
    const shape = shapeOf(graph, buffer);
    if (!kinds.some((kind) => kind.bytes === bytes && kind.shape === shape)) continue;
    const view = onlyView(graph, buffer);
    if (view < 0) continue;
    const way = references.wayOf(view);
    const group = groups.get(way);
    if (!group) groups.set(way, { view, slabs: 1, bytes });
    else {
      group.slabs++;
      group.bytes += bytes;
    }
  }
  return [...groups.values()]
    .filter(({ slabs }) => slabs >= LEAST_SLABS)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_GROUPS)
    .map(({ view, slabs, bytes }) => ({
      slabs,
      bytes,
      views: slabs,
      wastedBytes: Math.floor(bytes / 2),
      nodeId: graph.nodeId[view],
      path: toldPath(heap, view),
    }));
}

/** The ArrayBuffers that Buffers are cut from now: one for each thread's and context's copy of node:buffer. */
function poolsOf(graph: HeapGraph, contexts: readonly number[]): number[] {
  const { nodeType, nodeTypes, firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings } = graph;
  const pools = new Set<number>();
  const isPool = new Int8Array(strings.length).fill(-1);
  for (const node of contexts) {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== edgeTypes.context) continue;
      const name = edgeName[edge];
      if (isPool[name] < 0) isPool[name] = strings.get(name) === 'allocPool' ? 1 : 0;
      if (isPool[name] === 1 && nodeType[edgeTo[edge]] === nodeTypes.object && storeOf(graph, edgeTo[edge]) >= 0)
        pools.add(edgeTo[edge]);
    }
  }
  return [...pools].slice(0, MOST_POOLS);
}

function storeOf(graph: HeapGraph, buffer: number): number {
  return internalTarget(graph, buffer, 'backing_store');
}

function shapeOf(graph: HeapGraph, buffer: number): number {
  return internalTarget(graph, buffer, 'map');
}

function internalTarget(graph: HeapGraph, node: number, name: string): number {
  const { firstEdge, edgeType, edgeTypes, edgeName, edgeTo, strings } = graph;
  const end = Math.min(firstEdge[node + 1], firstEdge[node] + EDGES_LOOKED_AT);
  for (let edge = firstEdge[node]; edge < end; edge++)
    if (edgeType[edge] === edgeTypes.internal && strings.get(edgeName[edge]) === name) return edgeTo[edge];
  return -1;
}

/** The view that alone holds an ArrayBuffer, -1 where there are several or anything else holds it. */
function onlyView(graph: HeapGraph, buffer: number): number {
  const slot = graph.firstRetainer[buffer];
  if (graph.firstRetainer[buffer + 1] - slot !== 1 || !isView(graph, slot)) return -1;
  return graph.retainerNode[slot];
}
