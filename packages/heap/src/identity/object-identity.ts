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

/** Where the name is lost, the signature is none. */
export const NO_SIGNATURE = 0;

/** A number that the same object has in every snapshot: its type and the length of its name. */
export function signatureOf({ nodeType, nodeName, strings }: HeapGraph, node: number): number {
  const name = nodeName[node];
  if (strings.isLost(name)) return NO_SIGNATURE;
  return (nodeType[node] * 131 + strings.byteLength(name)) & 0xff;
}
