import { childrenOf, type DominatorTree } from './dominators.ts';

/** `tops` and all that they dominate, nearest first, as far as `enter` lets it; `limit` nodes at most. */
export function dominatedBelow(
  tree: DominatorTree,
  tops: readonly number[],
  enter: (node: number) => boolean,
  limit: number,
): number[] {
  const found = tops.filter(enter).slice(0, limit);
  for (let at = 0; at < found.length && found.length < limit; at++) {
    for (const child of childrenOf(tree, found[at])) {
      if (found.length === limit) break;
      if (enter(child)) found.push(child);
    }
  }
  return found;
}
