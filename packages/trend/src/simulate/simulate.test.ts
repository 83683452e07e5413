import { describe, expect, it } from 'vitest';
import { nextCollectionBytes } from './heap-growth.ts';
import {
  healthyServices,
  inLives,
  leakingServices,
  MB,
  memoryFor,
  ripple,
  seeded,
  simulate,
  simulateFleet,
  withClockJump,
  withGaps,
} from './index.ts';
import type { Program, SimulatedSample } from './index.ts';

const flat: Program = { liveBytes: () => 100 * MB };
const HOUR_S = 3600;

function correlation(values: readonly number[], lag: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let own = 0;
  let shared = 0;
  for (let at = 0; at < values.length; at++) {
    own += (values[at] - mean) ** 2;
    if (at >= lag) shared += (values[at] - mean) * (values[at - lag] - mean);
  }
  return shared / own;
}

/** By least squares. */
function slopePerHour(samples: readonly SimulatedSample[], of: (sample: SimulatedSample) => number): number {
  const hours = samples.map(({ timeMs }) => timeMs / 3_600_000);
  const mean = hours.reduce((sum, hour) => sum + hour, 0) / hours.length;
  let xx = 0;
  let xy = 0;
  for (const [at, sample] of samples.entries()) {
    xx += (hours[at] - mean) ** 2;
    xy += (hours[at] - mean) * of(sample);
  }
  return xy / xx;
}

describe('simulate', () => {
  it('makes the same samples of the same seed, and others of another', () => {
    const run = (seed: number): unknown => [...simulate(flat, { seed, durationS: 60 })];
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('counts the requests of each route, in their shares', () => {
    const routes = (): Record<string, number> => ({ 'GET /': 0.75, 'POST /login': 0.25 });
    const last = [...simulate({ ...flat, routes }, { seed: 1, durationS: 600 })].at(-1)!;
    expect(last.requestsByRoute['GET /'] / last.requests!).toBeCloseTo(0.75, 2);
    expect(last.requestsByRoute['POST /login'] / last.requests!).toBeCloseTo(0.25, 1);
  });

  it('keeps memory that the heap needed once, and gives it back as late as it is told', () => {
    const peak: Program = { liveBytes: (ageS) => (ageS < 600 ? 500 : 100) * MB };
    const rssAfterAnHour = (giveBackS: number): number =>
      [
        ...simulate(peak, {
          seed: 1,
          durationS: 4200,
          everyS: 60,
          collectEveryS: 60,
          giveBackS,
          heapLimitBytes: 2 ** 30,
        }),
      ].at(-1)!.rssBytes;
    expect(rssAfterAnHour(600)).toBeLessThan(200 * MB);
    expect(rssAfterAnHour(20 * HOUR_S)).toBeGreaterThan(450 * MB);
  });

  it('collects rarely where little is allocated, when V8 decides', () => {
    const floors = (rate: number): number =>
      new Set(
        [
          ...simulate(
            { ...flat, rate: () => rate },
            {
              seed: 1,
              durationS: 6 * HOUR_S,
              everyS: 60,
              collectEveryS: Infinity,
              heapGrowth: 'v8',
              heapLimitBytes: 2 ** 30,
            },
          ),
        ].map(({ floor }) => floor?.timeMs),
      ).size;
    expect(floors(100)).toBeGreaterThan(5 * floors(1));
  });
});

describe("V8's own growth of the heap", () => {
  const size = { liveBytes: 100 * MB, heapLimitBytes: 2048 * MB, collectBytesPerS: 400 * MB };

  it("follows the ratio of the speeds as in V8's own test", () => {
    const factor = (ratio: number): number =>
      nextCollectionBytes({ ...size, allocateBytesPerS: size.collectBytesPerS / ratio }) / size.liveBytes;
    for (const [ratio, expected] of [
      [34, 4],
      [45, 3.553],
      [50, 2.83],
      [100, 1.478],
      [200, 1.193],
      [300, 1.121],
      [400, 1.1],
    ] as const) {
      expect(factor(ratio)).toBeCloseTo(expected, 3);
    }
  });

  it('is less in small heaps, has a step at least, and never goes over half of the way to the limit', () => {
    const fast = { ...size, allocateBytesPerS: 40 * MB };
    expect(nextCollectionBytes({ ...fast, heapLimitBytes: 256 * MB })).toBeCloseTo(130 * MB, -1);
    expect(nextCollectionBytes({ ...fast, heapLimitBytes: 256 * MB, liveBytes: 10 * MB })).toBe(18 * MB);
    expect(nextCollectionBytes({ ...fast, liveBytes: 1800 * MB })).toBe(1924 * MB);
  });
});

it('the ripple is as alike from minute to minute as it was asked to be, at any distance', () => {
  const minute = ripple(seeded(3), 5, memoryFor(0.9, 60));
  const values = Array.from({ length: 20_000 }, () => minute(60));
  expect(correlation(values, 1)).toBeCloseTo(0.9, 1);
  expect(correlation(values, 5)).toBeCloseTo(0.9 ** 5, 1);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  expect(deviation).toBeGreaterThan(4.5);
  expect(deviation).toBeLessThan(5.5);
});

describe('services', () => {
  it.each(Object.keys(leakingServices))('that leak %s leak as much as was asked for', (name) => {
    for (const seed of [1, 2, 3]) {
      const { program, run, leaksFromS } = leakingServices[name](seeded(seed), 0.02);
      const samples = [...simulate(program, { ...run, seed })];
      const since = samples.filter(({ ageS }) => ageS >= Math.max(leaksFromS!, 2 * HOUR_S));
      const limit = run.heapLimitBytes!;
      const held = slopePerHour(since, ({ ageS, requests, requestsByRoute }) => {
        const external = program.externalBytes?.(ageS, requests!) ?? 0;
        return program.liveBytes(ageS, requests!, requestsByRoute) + external;
      });
      expect(held / limit).toBeGreaterThan(0.015);
      expect(held / limit).toBeLessThan(0.025);
    }
  });

  it.each(Object.keys(healthyServices))('that do not leak (%s) stay below their limits', (name) => {
    for (const seed of [1, 2, 3]) {
      const { program, run, leaksFromS } = healthyServices[name](seeded(seed), 0);
      expect(leaksFromS).toBeNull();
      for (const { rssBytes, heapUsedBytes, heapLimitBytes, rssLimitBytes } of simulate(program, { ...run, seed })) {
        expect(heapUsedBytes).toBeLessThan(heapLimitBytes);
        expect(rssBytes).toBeLessThan(rssLimitBytes!);
      }
    }
  });
});

describe('disturbances', () => {
  const day = (): SimulatedSample[] => [...simulate(flat, { seed: 1, durationS: 24 * HOUR_S, everyS: 60 })];

  it('gaps take single samples and holes away, and change none', () => {
    const whole = day();
    const left = [...withGaps(whole, seeded(1), { lostShare: 0.05, holesADay: 4, longestS: HOUR_S })];
    expect(left.length).toBeLessThan(whole.length * 0.97);
    expect(left.length).toBeGreaterThan(whole.length * 0.5);
    expect(left.every((sample) => whole.includes(sample))).toBe(true);
    const longest = Math.max(...left.slice(1).map(({ timeMs }, at) => timeMs - left[at].timeMs));
    expect(longest).toBeGreaterThan(120_000);
  });

  it('a clock that jumps takes samples and floors along', () => {
    const jumped = [...withClockJump(day(), 12 * HOUR_S * 1000, -HOUR_S * 1000)];
    const back = jumped.filter(({ timeMs }, at) => at > 0 && timeMs < jumped[at - 1].timeMs);
    expect(back).toHaveLength(1);
    for (const { timeMs, floor } of jumped)
      if (floor !== null) expect(floor.timeMs).toBeLessThanOrEqual(timeMs + HOUR_S * 1000);
  });

  it('lives follow one another, and each begins anew', () => {
    const lives = [...inLives([day(), day(), day()], 30)];
    expect(lives.every(({ timeMs }, at) => at === 0 || timeMs > lives[at - 1].timeMs)).toBe(true);
    expect(lives.filter(({ ageS }) => ageS === 0)).toHaveLength(3);
    expect(lives.at(-1)!.timeMs).toBe(3 * 24 * HOUR_S * 1000 + 60_000);
  });
});

it('a fleet has one level and one traffic, each process a noise of its own, and an odd one may leak alone', () => {
  const fleet = [
    ...simulateFleet(
      (random, leaks) => (leaks ? leakingServices['with time'] : healthyServices['steady'])(random, 0.05),
      {
        seed: 5,
        processes: 3,
        version: '1.2',
        leaks: false,
        odd: 1,
      },
    ),
  ];
  const of = (process: string): SimulatedSample[] =>
    fleet.filter((one) => one.process === process).map(({ sample }) => sample);
  const growth = (samples: SimulatedSample[]): number =>
    slopePerHour(samples, ({ rssBytes }) => rssBytes) / samples[0].heapLimitBytes;
  expect(new Set(fleet.map(({ process }) => process))).toEqual(new Set(['1.2-0', '1.2-1', '1.2-2']));
  expect(fleet.every(({ sample }, at) => at === 0 || sample.timeMs >= fleet[at - 1].sample.timeMs)).toBe(true);
  expect(growth(of('1.2-0'))).toBeGreaterThan(0.04);
  expect(Math.abs(growth(of('1.2-1')))).toBeLessThan(0.002);
  expect(of('1.2-1').map(({ rssBytes }) => rssBytes)).not.toEqual(of('1.2-2').map(({ rssBytes }) => rssBytes));
});
