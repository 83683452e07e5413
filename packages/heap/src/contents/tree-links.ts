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
 * stand before nothing. The sums of each classing by class. One walk over the tree, O(nodes), for every two classings:
 * most of what it costs is waiting for memory.
 */
export function retainedByClass(input: WeightedTree, classings: readonly Classing[]): Float64Array[] {
  const sums: Float64Array[] = [];
  for (let at = 0; at < classings.length; at += 2) {
    const second = classings.at(at + 1);
    sums.push(...retainedByTwo(input, classings[at], second ?? NO_CLASSING).slice(0, second ? 2 : 1));
  }
  return sums;
}

function retainedByTwo(
  { retained, selfSize, links, tree }: WeightedTree,
  { classOf, classCount }: Classing,
  second: Classing,
): [Float64Array, Float64Array] {
  const { firstChild, nextSibling } = links;
  const { idom } = tree;
  const sums = new Float64Array(classCount);
  const open = new Uint32Array(classCount); // of each class, how many stand above
  const hasSecond = second.classCount > 0;
  const secondOf = second.classOf;
  const secondSums = new Float64Array(second.classCount);
  const secondOpen = new Uint32Array(second.classCount);
  for (let node = 0; ;) {
    if (selfSize[node] > 0) {
      const own = classOf[node];
      if (own !== NO_CLASS && open[own]++ === 0) sums[own] += retained[node];
      if (hasSecond) {
        const other = secondOf[node];
        if (other !== NO_CLASS && secondOpen[other]++ === 0) secondSums[other] += retained[node];
      }
    }
    if (firstChild[node] !== NO_NODE) {
      node = firstChild[node];
      continue;
    }
    for (;;) {
      if (selfSize[node] > 0) {
        if (classOf[node] !== NO_CLASS) open[classOf[node]]--;
        if (hasSecond && secondOf[node] !== NO_CLASS) secondOpen[secondOf[node]]--;
      }
      if (node === 0) return [sums, secondSums];
      if (nextSibling[node] !== NO_NODE) break;
      node = idom[node];
    }
    node = nextSibling[node];
  }
}

const NO_CLASSING: Classing = { classOf: new Uint32Array(0), classCount: 0 };
