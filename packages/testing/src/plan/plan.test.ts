import { expect, test } from 'vitest';
import { planLongerStep, planStep, primeUpTo } from './plan.ts';

test('quick work gets thousands of iterations, slow work some hundred, very slow work what fits', () => {
  expect(planStep(0.001).iterations).toBe(5987);
  expect(planStep(0.5).iterations).toBe(3989);
  expect(planStep(10).iterations).toBe(293);
  expect(planStep(50).iterations).toBe(113);
  expect(planStep(5000).iterations).toBe(5);
  expect(planStep(0).iterations).toBe(5987);
});

test('work that leaves much behind gets fewer iterations, so that the evidence stays light', () => {
  expect(planStep(1, 24_000).iterations).toBe(331);
  expect(planStep(1, -500).iterations).toBe(1999);
  expect(planStep(1, 1e9).iterations).toBe(5);
});

test('the step that a suspicion is held against is longer than two steps, and prime too', () => {
  expect(planLongerStep(5987, 0.001).iterations).toBe(13_763);
  expect(planLongerStep(5987, 0.001).limits.timeMs).toBeGreaterThan(planStep(1).limits.timeMs * 2);
  expect(planLongerStep(1, 0.001).iterations).toBe(2);
});

test('work that has become slow gets a longer step that is not much longer', () => {
  expect(planLongerStep(3000, 1).iterations).toBe(4999);
  expect(planLongerStep(3000, 100).iterations).toBe(3889);
});

test('the largest prime up to a number', () => {
  expect([0, 1, 2, 3, 4, 100, 700, 7919].map(primeUpTo)).toEqual([0, 1, 2, 3, 3, 97, 691, 7919]);
});
