import { type DominatorTree, NO_NODE } from '../graph/dominators.ts';

/** The dominator tree from the top down, as lists: a walk needs no stack, however deep the tree. Eight bytes a node. */
export interface TreeLinks {
  /** By ordinal; {@link NO_NODE} where a node dominates nothing. */
  firstChild: Uint32Array;
  /** By ordinal; {@link NO_NODE} behind the last of its dominator's children. */
  nextSibling: Uint32Array;
}

/** Links the tree. O(nodes). */
export function linkTree({ idom, order }: DominatorTree): TreeLinks {
  const firstChild = new Uint32Array(idom.length).fill(NO_NODE);
  const nextSibling = new Uint32Array(idom.length).fill(NO_NODE);
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at];
    const above = idom[node];
    if (above === NO_NODE) continue;
    nextSibling[node] = firstChild[above];
    firstChild[above] = node;
  }
  return { firstChild, nextSibling };
}

/** No class: the node is passed over. */
export const NO_CLASS = 0xffffffff;

/** A dominator tree with what {@link retainedByClass} adds up. */
export interface WeightedTree {
  tree: DominatorTree;
  links: TreeLinks;
  retained: Float64Array;
  selfSize: Uint32Array;
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
 * stand before nothing. One walk over the tree for any number of classings, O(nodes).
 */
export function retainedByClass(input: WeightedTree, classings: readonly Classing[]): Float64Array[] {
  const { retained, selfSize } = input;
  const { firstChild, nextSibling } = input.links;
  const { idom } = input.tree;
  // For each classing, the sums and, of each class, how many of it stand above.
  const parts = classings.map(({ classOf, classCount }) => ({
    classOf,
    sums: new Float64Array(classCount),
    open: new Uint32Array(classCount),
  }));
  for (let node = 0; ;) {
    if (selfSize[node] > 0) {
      for (const { classOf, sums, open } of parts) {
        const own = classOf[node];
        if (own !== NO_CLASS && open[own]++ === 0) sums[own] += retained[node];
      }
    }
    if (firstChild[node] !== NO_NODE) {
      node = firstChild[node];
      continue;
    }
    for (;;) {
      if (selfSize[node] > 0) {
        for (const { classOf, open } of parts) if (classOf[node] !== NO_CLASS) open[classOf[node]]--;
      }
      if (node === 0) return parts.map(({ sums }) => sums);
      if (nextSibling[node] !== NO_NODE) break;
      node = idom[node];
    }
    node = nextSibling[node];
  }
}
