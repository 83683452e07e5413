import type { HeapGraph } from '../graph/heap-graph.ts';

/** The highest id of an object on V8's heap; embedder objects have even ids of another origin. */
export function newestId(nodeId: Uint32Array): number {
  let newest = 0;
  for (let node = 0; node < nodeId.length; node++) {
    const id = nodeId[node];
    if (id > newest && (id & 1) === 1) newest = id;
  }
  return newest;
}

/** A number that the same object has in every snapshot: its type and the length of its name. */
export function signatureOf(graph: HeapGraph, node: number): number {
  return (graph.nodeType[node] * 131 + graph.strings.byteLength(graph.nodeName[node])) & 0xff;
}
