import { expect, test } from 'vitest';
import { chanceOfAtLeast, pool, type PooledProcess } from './pool.ts';

const process = (id: number, told: Partial<PooledProcess> = {}): PooledProcess => ({
  id,
  verdict: 'clean',
  suspicious: false,
  bytesPerSecond: 0,
  secondsToLimit: null,
  secondsToLimitSoonest: null,
  secondsToLimitLatest: null,
  ...told,
});
const fleet = (size: number, leaking: number): PooledProcess[] =>
  Array.from({ length: size }, (_, i) =>
    process(i, i < leaking ? { verdict: 'leak', secondsToLimit: 1000 - i, bytesPerSecond: 9 } : {}),
  );

test('one process that leaks is its version, and nobody is odd', () => {
  expect(pool(fleet(1, 1))).toMatchObject({ verdict: 'leak', confirmed: true, odd: [], secondsToLimit: 1000 });
});

test('one that leaks among many is odd, and no proof: so many processes bring one by chance', () => {
  expect(pool(fleet(20, 1))).toMatchObject({ verdict: 'leak', confirmed: false, odd: [0] });
});

test('the more processes, the more of them have to leak', () => {
  expect(pool(fleet(20, 2)).confirmed).toBe(true);
  expect(pool(fleet(1000, 2)).confirmed).toBe(false);
  expect(pool(fleet(1000, 6)).confirmed).toBe(true);
});

test('where most leak none is odd, the median grows, and the nearest to its limit counts', () => {
  expect(pool(fleet(12, 1))).toMatchObject({ bytesPerSecond: 9 }); // of the one that grows, not of the eleven that do not
  expect(pool(fleet(5, 4))).toMatchObject({ odd: [], bytesPerSecond: 9, secondsToLimit: 997, processes: 5 });
});

test('nothing says nothing', () => {
  expect(pool([])).toMatchObject({ verdict: 'warming', confirmed: false, bytesPerSecond: null, secondsToLimit: null });
});

test('the chance of many rare events is Poisson', () => {
  expect(chanceOfAtLeast(0, 2)).toBe(1);
  expect(chanceOfAtLeast(1, 0.001)).toBeCloseTo(0.0009995, 9);
  expect(chanceOfAtLeast(3, 1)).toBeCloseTo(1 - 2.5 / Math.E, 12);
});
