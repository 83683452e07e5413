import { expect, test } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { memoryFor, ripple } from '../simulate/ripple.ts';
import { sharedGrowth, type GrowthPoint } from './shared-growth.ts';

const MB = 1048576;

function life(options: {
  seed: number;
  minutes: number;
  perRequest?: number;
  perSecond?: number;
  heldPerRate?: number;
  rate?: (minute: number) => number;
}): GrowthPoint[] {
  const { seed, minutes, perRequest = 0, perSecond = 0, heldPerRate = 0, rate = () => 10 } = options;
  const random = seeded(seed);
  const noise = ripple(random, MB, memoryFor(0.9, 60));
  let requests = 0;
  return Array.from({ length: minutes }, (_, minute) => {
    const served = Math.round(rate(minute) * 60 * random.between(0.9, 1.1));
    requests += served;
    const bytes = 200 * MB + noise(60) + perRequest * requests + perSecond * 60 * minute + (heldPerRate * served) / 60;
    return { timeMs: minute * 60_000, bytes, requests };
  });
}

test('the interval holds the true slope nearly always, of one process and of several', () => {
  let [alone, together] = [0, 0];
  for (let seed = 1; seed <= 100; seed++) {
    const lives = [0, 1, 2].map((nth) => life({ seed: seed * 10 + nth, minutes: 240, perRequest: 500 }));
    const one = sharedGrowth(lives.slice(0, 1)).perRequest;
    const all = sharedGrowth(lives).perRequest;
    if (one !== null && one.low <= 500 && one.high >= 500) alone++;
    if (all !== null && all.low <= 500 && all.high >= 500) together++;
  }
  expect(alone).toBeGreaterThanOrEqual(90);
  expect(together).toBeGreaterThanOrEqual(90);
});

test('memory that is held for traffic is no growth while the traffic rises', () => {
  const lives = [1, 2, 3].map((seed) =>
    life({ seed, minutes: 300, heldPerRate: 2 * MB, rate: (minute) => 5 + 20 * (minute / 300) }),
  );
  const { perSecond } = sharedGrowth(lives);
  expect(perSecond?.low).toBeLessThan(0);
  expect(perSecond?.high).toBeLessThan(4000);
});

test('a process that serves nothing has no growth a request, and one of two rows has none at all', () => {
  const idle = life({ seed: 1, minutes: 60, rate: () => 0 });
  expect(sharedGrowth([idle]).perRequest).toBeNull();
  expect(sharedGrowth([idle]).perSecond).not.toBeNull();
  expect(sharedGrowth([idle.slice(0, 2)])).toMatchObject({ perRequest: null, perSecond: null });
  expect(sharedGrowth([])).toEqual({ perRequest: null, perSecond: null, rows: 0 });
});
