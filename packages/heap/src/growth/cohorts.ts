/**
 * Which objects of the last snapshot are new, and since when.
 *
 * V8 gives an object its id when it is first seen and never another, so an id that the first snapshot lacks is an
 * object that came later: cohort 1 came between the first and the second snapshot and is still there, and so on.
 * Cohort 0 was there from the start. What piles up is what stays: a cache that evicts, a batch that is flushed and
 * requests in flight leave no early cohort behind.
 */
import type { HeapGraph } from '../graph/heap-graph.ts';
import { measureContainers } from '../graph/containers.ts';
import { IdIndex } from '../identity/id-index.ts';
import { newestId, signatureOf } from '../identity/object-identity.ts';
import { largeValues } from './large-values.ts';

/** What is kept of an earlier snapshot after it was read: its objects' ids, with the sizes of each. */
export interface EarlierSnapshot {
  index: IdIndex;
  /** By the position that `index` tells. */
  degree: Uint32Array;
  storeBytes: Float64Array;
  /** Numbered elements: an array's length where it has no holes. */
  elements: Uint32Array;
  /** Bytes of large texts and buffers, by the id of who holds them. */
  large: Map<number, number>;
  /** The highest id of an object on V8's heap. */
  newestId: number;
  /** By position: what tells an object's type and name from another's, roughly. */
  signature: Uint8Array;
  /** Bytes of everything: what the root retains. */
  totalBytes: number;
}

/** Condenses a graph to what later comparison needs. */
export function summarize(graph: HeapGraph): EarlierSnapshot {
  const index = new IdIndex(graph.nodeCount);
  const newest = newestId(graph.objectId);
  for (let node = 0; node < graph.nodeCount; node++) {
    index.set(graph.objectId[node], node);
  }
  const { degree, storeBytes, elements } = measureContainers(graph);
  const signature = new Uint8Array(graph.nodeCount);
  let totalBytes = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    signature[node] = signatureOf(graph, node);
    totalBytes += graph.nodeSelfSize[node];
  }
  return {
    newestId: newest,
    signature,
    index,
    degree,
    storeBytes,
    elements,
    large: new Map([...largeValues(graph)].map(([holder, { bytes }]) => [graph.objectId[holder], bytes])),
    totalBytes,
  };
}

/** The cohort of every node of `graph`: 0 where the first of `earlier` had it, `earlier.length` where none had it. */
export function cohorts(graph: HeapGraph, earlier: EarlierSnapshot[]): Uint8Array {
  const cohort = new Uint8Array(graph.nodeCount).fill(earlier.length);
  for (let node = 0; node < graph.nodeCount; node++) {
    for (let k = 0; k < earlier.length; k++) {
      if (earlier[k].index.get(graph.objectId[node]) >= 0) {
        cohort[node] = k;
        break;
      }
    }
  }
  return cohort;
}
