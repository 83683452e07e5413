import { expect, test } from 'vitest';
import { Dice } from '../storage/dice.ts';
import { mostSteps, planVisit, type Step } from './journey.ts';

function plan(visits: number, seed: number): Step[][] {
  const dice = new Dice(seed);
  return Array.from({ length: visits }, () => planVisit(dice));
}

test('every visit begins with a login, has one, and is no longer than the load can play', () => {
  for (const steps of plan(2000, 1)) {
    expect(steps.map(({ route }) => route === 'POST /login')).toEqual(steps.map((_, index) => index === 0));
    expect(steps.length).toBeLessThanOrEqual(mostSteps);
  }
});

test('the routes differ in how often they are asked for, so that one can be told from another', () => {
  const visits = 2000;
  const counts: Record<string, number> = {};
  for (const { route } of plan(visits, 2).flat()) counts[route] = (counts[route] ?? 0) + 1;
  const byFrequency = Object.entries(counts).sort(([, a], [, b]) => b - a);
  expect(byFrequency.map(([route]) => route)).toEqual([
    'GET /dashboard',
    'POST /login',
    'GET /users/:id/orders',
    'GET /users/:id',
    'POST /logout',
    'POST /cart',
    'POST /users/:id/orders',
  ]);
  for (const [index, [, count]] of byFrequency.slice(1).entries()) {
    expect(count).toBeLessThan(0.85 * byFrequency[index][1]);
  }
});

test('the same seed plans the same visits', () => {
  expect(plan(50, 3)).toEqual(plan(50, 3));
  expect(plan(50, 3)).not.toEqual(plan(50, 4));
});
