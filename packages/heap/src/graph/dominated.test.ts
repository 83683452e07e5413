import { expect, test } from 'vitest';
import { Dominated } from './dominated.ts';
import { type DominatorTree, NO_NODE } from './dominators.ts';

// 0 dominates 1 and 4; 1 dominates 2 and 3; 4 dominates 5.
const tree: DominatorTree = {
  idom: Uint32Array.of(NO_NODE, 0, 1, 1, 0, 4),
  order: Uint32Array.of(0, 1, 2, 3, 4, 5),
};
const all = (): boolean => true;

test('what nodes dominate comes with them, the nearest first', () => {
  const dominated = new Dominated(tree);
  expect(dominated.below([0], all, 100)).toEqual([0, 1, 4, 2, 3, 5]);
  expect(dominated.below([1, 5], all, 100)).toEqual([1, 5, 2, 3]);
});

test('where a node is not entered, what it dominates is not seen', () => {
  expect(new Dominated(tree).below([0], (node) => node !== 1, 100)).toEqual([0, 4, 5]);
});

test('no more nodes come than were asked for', () => {
  expect(new Dominated(tree).below([0], all, 3)).toEqual([0, 1, 4]);
  expect(new Dominated(tree).below([1, 4, 0], all, 2)).toEqual([1, 4]);
});
