import type { DominatorTree } from '../graph/dominators.ts';

/** No class: the node is passed over. */
export const NO_CLASS = 0xffffffff;

/** What {@link retainedByClass} adds up. */
export interface WeightedTree {
  tree: DominatorTree;
  /** By ordinal, in bytes. */
  retained: Float64Array;
  graph: { nodeSelfSize: Uint32Array };
}

/** One way to sort nodes into classes. */
export interface Classing {
  /** By ordinal, from 0 to `classCount`, or {@link NO_CLASS}. */
  classOf: Uint32Array;
  classCount: number;
}

/**
 * What goes when all objects of a class go: the retained sizes of those that none of the same class dominates, as
 * DevTools adds them up (HeapSnapshot.ts, `calculateClassesRetainedSize`). Nodes without a size count for nothing and
 * stand before nothing. The sums by class. O(nodes).
 */
export function retainedByClass(
  { tree: { order, end }, retained, graph: { nodeSelfSize } }: WeightedTree,
  { classOf, classCount }: Classing,
): Float64Array {
  const sums = new Float64Array(classCount);
  if (classCount === 0) return sums;
  const coveredTo = new Uint32Array(classCount); // of each class, the place behind what the last topmost node dominates
  for (let at = 0; at < order.length; at++) {
    const node = order[at];
    const own = classOf[node];
    if (own === NO_CLASS || at < coveredTo[own] || nodeSelfSize[node] === 0) continue;
    sums[own] += retained[node];
    coveredTo[own] = end[at];
  }
  return sums;
}
