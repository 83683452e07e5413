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

/** What `@ebb/capture` calls the string up to whose number objects are the same in all snapshots of the program. */
const NUMBER_MARK = 'ebb: objects with a higher number than this string were numbered in a child';

/**
 * The highest id that means the same object in later snapshots. Of a snapshot that V8 wrote in the program itself that is
 * the newest one; in a forked child, what the program had not numbered got ids that later ones use for other objects.
 */
export function newestLastingId(graph: HeapGraph): number {
  const { nodeId, nodeName, strings, nodeType, nodeTypes } = graph;
  for (let node = nodeId.length - 1; node >= 0; node--) {
    // V8 writes the beginning of a long string, 1024 characters as a rule.
    if (nodeType[node] !== nodeTypes.string || strings.byteLength(nodeName[node]) < 512) continue;
    if (strings.get(nodeName[node]).startsWith(NUMBER_MARK)) return nodeId[node];
  }
  return newestId(nodeId);
}

/** Where the name is lost, the signature is none. */
export const NO_SIGNATURE = 0;

/** A number that the same object has in every snapshot: its type and the length of its name. */
export function signatureOf({ nodeType, nodeName, strings }: HeapGraph, node: number): number {
  const name = nodeName[node];
  if (strings.isLost(name)) return NO_SIGNATURE;
  return (nodeType[node] * 131 + strings.byteLength(name)) & 0xff;
}
