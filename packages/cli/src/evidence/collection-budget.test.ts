import { expect, test } from 'vitest';
import { CollectionBudget } from './collection-budget.ts';
import { paceOf } from './pace.ts';

/** Asks once a second for ten minutes; every collection takes so long. Returns when they came, in seconds. */
function collections(tookMs: number): number[] {
  const budget = new CollectionBudget(paceOf(1000));
  const at: number[] = [];
  for (let second = 0; second < 600; second++) {
    if (!budget.due(second * 1000, false)) continue;
    at.push(second);
    budget.took(tookMs);
  }
  return at;
}

test('collections take at most three in a hundred of the time, whatever one takes', () => {
  for (const tookMs of [5, 50, 300, 2000]) {
    expect((collections(tookMs).length * tookMs) / 600_000).toBeLessThan(0.035);
  }
});

test('a cheap collection is asked for every other second, a dear one seldom', () => {
  expect(collections(5).slice(0, 3)).toEqual([2, 4, 6]);
  const dear = collections(2000);
  expect(dear.slice(1).every((second, index) => second - (dear[index] ?? 0) >= 60)).toBe(true);
});

test('the first ones are granted ahead of their share, because the first floors say most', () => {
  expect(collections(100).slice(0, 4)).toEqual([2, 4, 6, 8]);
});

test('a calm program is asked less and less often', () => {
  const budget = new CollectionBudget(paceOf(1000));
  const at: number[] = [];
  for (let second = 0; second < 600; second++) {
    if (!budget.due(second * 1000, true)) continue;
    at.push(second);
    budget.took(5);
  }
  expect(at.slice(0, 3)).toEqual([2, 4, 6]);
  expect(at.at(-1)! - at.at(-2)!).toBe(30);
});
