import { childrenOf, type DominatorTree } from './dominators.ts';

/** `tops` and all that they dominate, nearest first, as far as `enter` lets it. */
export function dominatedBelow(
  tree: DominatorTree,
  tops: readonly number[],
  enter: (node: number) => boolean,
): number[] {
  const found = tops.filter(enter);
  for (let at = 0; at < found.length; at++)
    for (const child of childrenOf(tree, found[at])) if (enter(child)) found.push(child);
  return found;
}
