/** ArrayBuffers as V8 writes them: the store of bytes, the ArrayBuffer that has it, and the views of that. */
import type { HeapGraph } from './heap-graph.ts';

/** What V8 calls the memory of an ArrayBuffer. */
export const BUFFER_STORE = 'system / JSArrayBufferData';

/** Of very many retainers the first are looked at: they are views, or nothing is. */
const RETAINERS_LOOKED_AT = 32;

/** The object by which a program has a store: a view (a Buffer, a typed array, a WebAssembly memory), else its ArrayBuffer. */
export function holderOfStore(graph: HeapGraph, store: number): number {
  const { firstRetainer, retainerNode, nodeType, nodeTypes } = graph;
  const endOf = (node: number): number => Math.min(firstRetainer[node + 1], firstRetainer[node] + RETAINERS_LOOKED_AT);
  let holder = store;
  for (let slot = firstRetainer[store]; slot < endOf(store); slot++) {
    const buffer = retainerNode[slot];
    if (nodeType[buffer] !== nodeTypes.object) continue;
    if (holder === store) holder = buffer;
    for (let at = firstRetainer[buffer]; at < endOf(buffer); at++) if (isView(graph, at)) return retainerNode[at];
  }
  return holder;
}

/** Whether a retainer of an ArrayBuffer is a view of it, or the WebAssembly memory that it belongs to. */
export function isView(graph: HeapGraph, slot: number): boolean {
  const { retainerNode, retainerEdge, edgeType, edgeTypes, edgeName, nodeName, nodeType, nodeTypes, strings } = graph;
  const owner = retainerNode[slot];
  if (nodeType[owner] !== nodeTypes.object) return false;
  const edge = retainerEdge[slot];
  if (edgeType[edge] === edgeTypes.internal) return strings.get(edgeName[edge]) === 'buffer';
  return edgeType[edge] === edgeTypes.hidden && strings.get(nodeName[owner]) === WASM_MEMORY;
}

/** The class of a WebAssembly memory, which holds its ArrayBuffer without a name. */
export const WASM_MEMORY = 'Memory';
