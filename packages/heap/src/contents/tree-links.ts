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
export interface ClassedTree {
  tree: DominatorTree;
  links: TreeLinks;
  retained: Float64Array;
  selfSize: Uint32Array;
  /** By ordinal, from 0 to `classCount`, or {@link NO_CLASS}. */
  classOf: Uint32Array;
  classCount: number;
}

/**
 * What goes when all objects of a class go: the retained sizes of those that none of the same class dominates, as
 * DevTools adds them up (HeapSnapshot.ts, `calculateClassesRetainedSize`). Nodes without a size count for nothing and
 * stand before nothing. One walk over the tree, O(nodes).
 */
export function retainedByClass(input: ClassedTree): Float64Array {
  const { retained, selfSize, classOf, classCount } = input;
  const { firstChild, nextSibling } = input.links;
  const { idom } = input.tree;
  const sums = new Float64Array(classCount);
  const open = new Uint32Array(classCount); // of each class, how many stand above
  for (let node = 0; ;) {
    const own = classOf[node];
    if (own !== NO_CLASS && selfSize[node] > 0 && open[own]++ === 0) sums[own] += retained[node];
    if (firstChild[node] !== NO_NODE) {
      node = firstChild[node];
      continue;
    }
    for (;;) {
      const left = classOf[node];
      if (left !== NO_CLASS && selfSize[node] > 0) open[left]--;
      if (node === 0) return sums;
      if (nextSibling[node] !== NO_NODE) break;
      node = idom[node];
    }
    node = nextSibling[node];
  }
}
