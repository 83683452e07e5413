import { expect, test } from 'vitest';
import { dominatedBelow } from './dominated.ts';
import { type DominatorTree, NO_NODE } from './dominators.ts';

// 0 dominates 1 and 4; 1 dominates 2 and 3; 4 dominates 5.
const tree: DominatorTree = {
  idom: Uint32Array.of(NO_NODE, 0, 1, 1, 0, 4),
  order: Uint32Array.of(0, 1, 2, 3, 4, 5),
  end: Uint32Array.of(6, 4, 3, 4, 6, 6),
  place: Uint32Array.of(0, 1, 2, 3, 4, 5),
};
const all = (): boolean => true;

test('what nodes dominate comes with them, the nearest first', () => {
  expect(dominatedBelow(tree, [0], all)).toEqual([0, 1, 4, 2, 3, 5]);
  expect(dominatedBelow(tree, [1, 5], all)).toEqual([1, 5, 2, 3]);
});

test('where a node is not entered, what it dominates is not seen', () => {
  expect(dominatedBelow(tree, [0], (node) => node !== 1)).toEqual([0, 4, 5]);
});
