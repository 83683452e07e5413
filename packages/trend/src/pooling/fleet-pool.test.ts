import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryJudge } from '../judge.ts';
import type { Trend } from '../judgement.ts';
import { leakingServices, simulateFleet } from '../simulate/index.ts';
import { seeded } from '../simulate/random.ts';
import { memoryFor, ripple } from '../simulate/ripple.ts';
import { FleetPool, middleMean, type FleetPoolState, type FleetRow } from './fleet-pool.ts';

const MB = 1048576;
const HOUR = 60;
const WARMUP_MS = 600_000;

const poolOf = (): FleetPool => new FleetPool({ kind: 'floor', intervalMs: 60_000, warmupMs: WARMUP_MS });

interface Fleet {
  seed?: number;
  hours: number;
  noiseMB: number;
  /** What each process holds more at a minute, in MB. */
  grown: readonly ((minute: number) => number)[];
  /** What all hold more. */
  shared?: (minute: number) => number;
}

interface Played {
  pool: FleetPool;
  saidAtHour: number | null;
  judges: readonly MemoryJudge[];
}

/** Each has a level of its own, noise of its own with a memory of 0.9, and a judge of its own. */
function play({ seed = 1, hours, noiseMB, grown, shared }: Fleet): Played {
  const pool = poolOf();
  let saidAtHour: number | null = null;
  const processes = grown.map((grow, nth) => {
    const random = seeded(seed * 1009 + nth);
    const noise = ripple(random, noiseMB, memoryFor(0.9, 60));
    return { name: `web-${nth}`, level: 200 + 40 * nth, grow, noise, judge: new MemoryJudge({ warmupMs: WARMUP_MS }) };
  });
  for (let minute = 0; minute < hours * HOUR; minute++) {
    for (const { name, level, grow, noise, judge } of processes) {
      const bytes = Math.max(0, level + grow(minute) + noise(60) + (shared?.(minute) ?? 0)) * MB;
      const timeMs = minute * 60_000;
      judge.update({
        timeMs,
        floor: { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 },
        heapUsedBytes: Number.NaN,
        rssBytes: Number.NaN,
        externalBytes: Number.NaN,
        arrayBuffersBytes: Number.NaN,
        requests: null,
        heapLimitBytes: 1024 * MB,
        rssLimitBytes: null,
      });
      const leaks = minute % 30 === 0 ? judge.judgement.verdict === 'leak' : undefined;
      pool.take({ process: name, timeMs, bytes, limitBytes: 1024 * MB, ...(leaks === undefined ? {} : { leaks }) });
    }
    if (saidAtHour === null && minute % 30 === 0 && pool.fleet.verdict === 'fleet') saidAtHour = minute / HOUR;
  }
  return { pool, saidAtHour, judges: processes.map(({ judge }) => judge) };
}

const still = (): number => 0;
const leaking = (minute: number): number => minute / 6;
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test('when all grow it is the fleet, and each shares in it', () => {
  const { pool } = play({ hours: 20, noiseMB: 2, grown: times(4, leaking) });
  const { verdict, members, evidence } = pool.fleet;
  expect(verdict).toBe('fleet');
  expect(members.map(({ stance }) => stance)).toEqual(times(4, 'shares'));
  expect(evidence[0]).toMatch(/^4 of 4 processes grow alike: ./);
});

test('when one grows it is odd, and the others are steady', () => {
  for (const processes of [2, 3, 5]) {
    const { pool } = play({ hours: 24, noiseMB: 2, grown: [leaking, ...times(processes - 1, still)] });
    const { verdict, members, evidence } = pool.fleet;
    expect(verdict).toBe('odd one out');
    expect(members.filter(({ stance }) => stance !== 'steady').map(({ process }) => process)).toEqual(['web-0']);
    expect(evidence[0]).toContain(`1 of ${processes} processes grows alone: web-0 by`);
  }
});

test('one that grows from below the others to above them does not lift the pool', () => {
  const { pool } = play({ hours: 24, noiseMB: 1, grown: [leaking, ...times(4, still)] });
  const [odd] = pool.fleet.members;
  expect(odd?.riseBytes).toBeGreaterThan(200 * MB);
  expect(Math.abs(odd?.poolRiseBytes ?? Infinity)).toBeLessThan(5 * MB);
});

test('when none grows, nothing is said, whatever cycle they share', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const { pool, saidAtHour } = play({
      seed,
      hours: 24,
      noiseMB: 3,
      grown: times(4, still),
      shared: (minute) => 10 * Math.sin((2 * Math.PI * minute) / 240 + seed),
    });
    expect(saidAtHour).toBeNull();
    expect(pool.fleet.verdict).toBe('none');
  }
});

test('the growth of eight together is known better than that of one', () => {
  const widthOf = ({ interval: [low, high] }: Trend): number => high - low;
  let [alone, together] = [0, 0];
  for (let seed = 1; seed <= 4; seed++) {
    const { pool, judges } = play({ seed, hours: 20, noiseMB: 5, grown: times(8, leaking) });
    for (const { judgement } of judges) alone += widthOf(judgement.trend) / 8;
    const { judgement } = pool;
    together += judgement === null ? Infinity : widthOf(judgement.trend);
  }
  expect(together).toBeLessThan(0.6 * alone);
});

test('a process that starts anew under its name joins again, and its fall is not the fleet’s', () => {
  const pool = poolOf();
  const row = (process: string, minute: number, megabytes: number, ageS: number): FleetRow => ({
    process,
    timeMs: minute * 60_000,
    bytes: megabytes * MB,
    ageS,
  });
  for (let minute = 0; minute < 60; minute++)
    for (const name of ['a', 'b', 'c']) pool.take(row(name, minute, 200, minute * 60));
  pool.take(row('a', 60, 90, 0));
  expect(pool.member('a')?.stance).toBe('joining');
  for (let minute = 61; minute < 90; minute++) {
    for (const name of ['a', 'b', 'c']) {
      const reborn = name === 'a';
      pool.take(row(name, minute, reborn ? 90 : 200, (reborn ? minute - 60 : minute) * 60));
    }
  }
  expect(pool.member('a')).toMatchObject({ stance: 'steady', riseBytes: 0, poolRiseBytes: 0 });
  expect(pool.size).toBe(3);
});

test('one that falls silent is gone, and the level does not leap for it', () => {
  const pool = poolOf();
  for (let minute = 0; minute < 60; minute++) {
    for (const [nth, name] of ['a', 'b', 'c'].entries()) {
      if (name === 'a' && minute > 30) continue;
      pool.take({
        process: name,
        timeMs: minute * 60_000,
        bytes: (100 + 50 * nth) * MB + (name === 'a' ? minute * MB : 0),
      });
    }
  }
  expect(pool.size).toBe(2);
  expect(pool.member('a')).toBeNull();
  expect(Math.abs(pool.member('b')?.poolRiseBytes ?? Infinity)).toBeLessThan(20 * MB);
});

test('a saved pool goes on as if it had never been away', () => {
  const options = { kind: 'floor', intervalMs: 60_000, warmupMs: WARMUP_MS } as const;
  const random = seeded(5);
  const whole = new FleetPool(options);
  let broken = new FleetPool(options);
  for (let minute = 0; minute < 900; minute++) {
    if (minute % 200 === 100) {
      const { pool, judge } = broken.save();
      const restored = FleetPool.restore({ pool: JSON.parse(JSON.stringify(pool)) as FleetPoolState, judge }, options);
      expect(restored).not.toBeNull();
      broken = restored ?? broken;
    }
    for (const process of ['a', 'b', 'c']) {
      const bytes = (200 + minute / 4 + random.normal()) * MB;
      for (const pool of [whole, broken]) pool.take({ process, timeMs: minute * 60_000, bytes, limitBytes: 900 * MB });
    }
  }
  expect(whole.fleet.verdict).toBe('fleet');
  expect(broken.fleet).toEqual(whole.fleet);
  const saved = broken.save();
  expect(FleetPool.restore({ ...saved, judge: new Uint8Array(8) }, options)).toBeNull();
});

test('the mean of the middle half passes over the odd ones', () => {
  expect(middleMean([])).toBeNull();
  expect(middleMean([1, 3])).toBe(2);
  expect(middleMean([1, 2, 900])).toBe(2);
  expect(middleMean([-900, 1, 3, 900])).toBe(2);
});

test('nothing that comes in makes it throw', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -5, max: 1_000_000_000 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 4 }), number, number, fc.option(number))), (rows) => {
      const pool = poolOf();
      for (const [nth, timeMs, bytes, requests] of rows) pool.take({ process: `p${nth}`, timeMs, bytes, requests });
      expect(['fleet', 'odd one out', 'none']).toContain(pool.fleet.verdict);
    }),
  );
});

const anyRow = fc.record({
  process: fc.constantFrom('a', 'b', 'c', '__proto__'),
  stepMs: fc.integer({ min: 0, max: 200_000 }),
  bytes: fc.integer({ min: 0, max: 1e9 }),
  requests: fc.option(fc.nat({ max: 1e6 })),
  ageS: fc.option(fc.nat({ max: 1e6 })),
  limitBytes: fc.option(fc.integer({ min: 1, max: 1e9 })),
  leaks: fc.boolean(),
});

function rowsOf(steps: readonly (Omit<FleetRow, 'timeMs'> & { stepMs: number })[]): FleetRow[] {
  let timeMs = 1e6;
  return steps.map(({ stepMs, ...row }) => ({ ...row, timeMs: (timeMs += stepMs) }));
}

test('a row that is told twice counts once', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 80 }), (steps) => {
      const [once, twice] = [poolOf(), poolOf()];
      for (const row of rowsOf(steps)) {
        once.take(row);
        twice.take(row);
        twice.take(row);
      }
      expect(twice.fleet).toEqual(once.fleet);
      expect(twice.size).toBe(once.size);
    }),
  );
});

test('a fleet of which each process stands still is never told to grow, whatever comes between, and after a year', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 120 }), fc.nat({ max: 119 }), (steps, at) => {
      const levels = new Map(Object.entries({ a: 2e8, b: 3e8, c: 1e7 }));
      const pool = poolOf();
      const still = rowsOf(steps.map((step) => ({ ...step, requests: null, ageS: null, leaks: false })));
      for (const [nth, row] of still.entries()) {
        const timeMs = row.timeMs + (nth >= at ? 365 * 86_400_000 : 0);
        pool.take({ ...row, timeMs, bytes: levels.get(row.process) ?? 5e8 });
        if (nth % 3 === 0) pool.take({ process: row.process, timeMs: Number.NaN, bytes: -1 });
        expect(pool.fleet.verdict).toBe('none');
      }
    }),
  );
});

test('teeth of a saw are no noise in which the traffic may hide: a leak under one is told as soon as six of them stand', () => {
  const pool = poolOf();
  const run = { seed: 130 * 7919, processes: 4, version: '1', leaks: true };
  const fleet = simulateFleet((random) => leakingServices['under a sawtooth'](random, 0.01), run);
  let saidAtHour: number | null = null;
  for (const { process, sample } of fleet) {
    const { timeMs, floor, requests, heapLimitBytes: limitBytes } = sample;
    if (floor === null) continue;
    pool.take({ process, timeMs, bytes: floor.heapBytes + floor.externalBytes, requests, limitBytes });
    if (pool.judgement?.verdict !== 'leak') continue;
    saidAtHour = timeMs / 3_600_000;
    break;
  }
  expect(saidAtHour).toBeLessThan(15);
});
