import { expect, it } from 'vitest';
import { memoryFor, MB, ripple, seeded } from '../simulate/index.ts';
import { RankTest } from './rank-test.ts';

const BLOCK_S = 7200;
const EVERY_S = 600;

function proofOf(value: (timeS: number) => number, days: number): number {
  const test = new RankTest(BLOCK_S);
  let highest = Number.NEGATIVE_INFINITY;
  for (let timeS = 0; timeS < days * 86_400; timeS += EVERY_S) {
    test.add(timeS, value(timeS), 16 * 1024);
    highest = Math.max(highest, test.proof);
  }
  return highest;
}

it('proves growth in a day whose single steps are lost in noise, though noise remembers', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const noise = ripple(seeded(seed), 2 * MB, memoryFor(0.9, EVERY_S));
    const perS = (6 * MB) / BLOCK_S / 4;
    expect(proofOf((timeS) => 200 * MB + perS * timeS + noise(EVERY_S), 2)).toBeGreaterThan(Math.log(1000));
  }
});

it('reaches what it states seldom enough when nothing grows', () => {
  let reached = 0;
  const runs = 400;
  for (let seed = 1; seed <= runs; seed++) {
    const random = seeded(seed * 13);
    if (proofOf(() => 200 * MB + 2 * MB * random.normal(), 6) >= Math.log(20)) reached++;
  }
  expect(reached / runs).toBeLessThanOrEqual(1 / 20);
});

it('proves nothing of a level that stands, of one that falls, and of days that repeat', () => {
  expect(proofOf(() => 200 * MB, 10)).toBeLessThan(0);
  expect(proofOf((timeS) => 900 * MB - timeS * 100, 10)).toBeLessThan(0);
  const day = (timeS: number): number => 200 * MB + 50 * MB * Math.sin((2 * Math.PI * timeS) / 86_400);
  expect(proofOf(day, 10)).toBeLessThan(Math.log(1000));
});

it('goes on from its state', () => {
  const whole = new RankTest(BLOCK_S);
  const state = new Float64Array(RankTest.size);
  for (let nth = 0; nth < 400; nth++) {
    whole.add(nth * EVERY_S, 100 * MB + nth * MB, 0);
    new RankTest(BLOCK_S, state).add(nth * EVERY_S, 100 * MB + nth * MB, 0);
  }
  expect(new RankTest(BLOCK_S, state).proof).toBe(whole.proof);
  expect(whole.proof).toBeGreaterThan(10);
});
