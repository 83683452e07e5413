import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { MemoryJudge } from '../judge.ts';
import { growingOnes, meanEvidence } from './evidence.ts';

test('the mean of e-values is that of the numbers, also where they are huge', () => {
  expect(meanEvidence([Math.log(2), Math.log(4)])).toBeCloseTo(Math.log(3));
  expect(meanEvidence([2000, 2000])).toBeCloseTo(2000);
  expect(meanEvidence([Number.NEGATIVE_INFINITY, 0])).toBeCloseTo(Math.log(0.5));
  expect(meanEvidence([])).toBe(Number.NEGATIVE_INFINITY);
});

test('the mean lies between the least and the largest', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 1 }), (logs) => {
      const mean = meanEvidence(logs);
      expect(mean).toBeGreaterThanOrEqual(Math.min(...logs) - 1e-9);
      expect(mean).toBeLessThanOrEqual(Math.max(...logs) + 1e-9);
    }),
  );
});

test('a process is told when its evidence pays for all that were looked at; the second for half as much', () => {
  const ten = (...logs: number[]): number[] => [...logs, ...Array.from({ length: 10 - logs.length }, () => 0)];
  expect(growingOnes(ten(Math.log(999)), 0.01)).toEqual([]);
  expect(growingOnes(ten(Math.log(1001)), 0.01)).toEqual([0]);
  expect(growingOnes(ten(Math.log(501), Math.log(502)), 0.01)).toEqual([1, 0]);
});

test('of many that do not grow, one is told in vain no more often than the rate says, however they depend', () => {
  let told = 0;
  for (let seed = 1; seed <= 4000; seed++) {
    const random = seeded(seed * 7919);
    const shared = 0.9 * random.normal();
    // Lognormal e-values of mean one that share most of what moves them.
    const logs = Array.from({ length: 20 }, () => 3 * (shared + 0.436 * random.normal()) - 4.5);
    if (growingOnes(logs, 0.05).length > 0) told++;
  }
  expect(told / 4000).toBeLessThan(0.05);
});

/** Evidence of a judge after a day of floors, a minute each, that grow by so many bytes a minute. */
function evidenceOf(seed: number, perMinuteBytes: number): number {
  const random = seeded(seed * 31);
  const judge = new MemoryJudge({ warmupMs: 600_000 });
  for (let minute = 0; minute < 1440; minute++) {
    const timeMs = minute * 60_000;
    const heapBytes = 3e8 + perMinuteBytes * minute + 2e6 * random.normal();
    judge.update({
      timeMs,
      floor: { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: Number.NaN,
      rssBytes: Number.NaN,
      externalBytes: Number.NaN,
      arrayBuffersBytes: Number.NaN,
      requests: null,
      heapLimitBytes: 2e9,
      rssLimitBytes: null,
    });
  }
  return judge.logEvidence;
}

test('of a fleet the one that grows is found by what the bets of each judge have made of one', () => {
  const logs = Array.from({ length: 12 }, (_, nth) => evidenceOf(nth + 1, nth === 7 ? 50_000 : 0));
  expect(growingOnes(logs, 0.01)).toEqual([7]);
  expect(meanEvidence(logs)).toBeGreaterThan(Math.log(1000));
  expect(meanEvidence(logs.filter((_, nth) => nth !== 7))).toBeLessThan(0);
});
