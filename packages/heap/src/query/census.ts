/** What comparing two snapshots needs of one: every object's id, class and size. */
import type { HeapGraph } from '../graph/heap-graph.ts';
import { forkMark } from '../identity/fork-mark.ts';
import { newestId, signatureOf } from '../identity/object-identity.ts';
import { nameClasses } from './class-table.ts';

/** The objects of one snapshot, one row each; 13 bytes an object. Can be sent from thread to thread. */
export interface Census {
  file: string;
  nodeId: Uint32Array;
  /** Index into `names`. */
  classOf: Uint32Array;
  names: string[];
  selfSize: Uint32Array;
  /** By object: what tells its type and name from another's, roughly. */
  signature: Uint8Array;
  newestId: number;
  /** Whether a forked child wrote it: its ids mean nothing in other snapshots. */
  isForked: boolean;
}

/** Takes the census of a graph. O(nodes). The columns are copies: they may be given away. */
export function takeCensus(graph: HeapGraph): Census {
  const { names, classOf } = nameClasses(graph);
  const signature = new Uint8Array(graph.nodeCount);
  for (let node = 0; node < graph.nodeCount; node++) signature[node] = signatureOf(graph, node);
  return {
    file: graph.file,
    nodeId: graph.nodeId.slice(),
    classOf,
    names,
    selfSize: graph.nodeSelfSize.slice(),
    signature,
    newestId: newestId(graph.nodeId),
    isForked: forkMark(graph.strings) !== null,
  };
}

/** The memory of a census: what is sent with it is moved, not copied. */
export function buffersOf({ nodeId, classOf, selfSize, signature }: Census): ArrayBuffer[] {
  return [nodeId.buffer, classOf.buffer, selfSize.buffer, signature.buffer].filter(
    (buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer,
  );
}
