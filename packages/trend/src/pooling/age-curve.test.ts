import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { memoryFor, ripple } from '../simulate/ripple.ts';
import { AgeCurve, compareVersions } from './age-curve.ts';

const MB = 1048576;

/** Processes that start up, hold memory for their traffic, and leak so many bytes a request. */
function curveOf(options: { seed: number; processes: number; minutes: number; leak: number; load?: number }): AgeCurve {
  const { seed, processes, minutes, leak, load = 1 } = options;
  const curve = new AgeCurve({ byRequests: true });
  for (let nth = 0; nth < processes; nth++) {
    const random = seeded(seed * 1009 + nth);
    const noise = ripple(random, MB, memoryFor(0.9, 60));
    let requests = 0;
    for (let minute = 0; minute < minutes; minute++) {
      requests += Math.round(600 * load * random.between(0.8, 1.2));
      const startUp = 80 * MB * (1 - Math.exp(-minute / 12));
      const bytes = 200 * MB + startUp + noise(60) + leak * requests;
      curve.add({ process: `p${nth}`, ageS: minute * 60, bytes, requests });
    }
  }
  return curve;
}

test('a version that leaks is told from one that does not, with the difference in the interval', () => {
  const older = curveOf({ seed: 1, processes: 4, minutes: 600, leak: 0 });
  const newer = curveOf({ seed: 2, processes: 4, minutes: 300, leak: 2048 });
  const { verdict, difference, sentence } = compareVersions(older, newer);
  expect(verdict).toBe('more');
  expect(difference?.low).toBeLessThan(2048);
  expect(difference?.high).toBeGreaterThan(2048);
  expect(sentence).toMatch(
    /^the newer version grows more: .* a request against .* before, at an age of 0 s to \d+ h: \+2\.\d KB/,
  );
});

test('versions that leak alike are told to be alike: to go back will not help', () => {
  const older = curveOf({ seed: 1, processes: 4, minutes: 600, leak: 2048 });
  const newer = curveOf({ seed: 2, processes: 4, minutes: 600, leak: 2048 });
  expect(compareVersions(older, newer).verdict).toBe('alike');
});

test('young processes beside old ones, and more traffic, do not make a version guilty', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const older = curveOf({ seed, processes: 4, minutes: 1200, leak: 0 });
    const newer = curveOf({ seed: seed + 100, processes: 4, minutes: 100, leak: 0, load: 1 });
    expect(compareVersions(older, newer).verdict).not.toBe('more');
  }
  const quiet = curveOf({ seed: 5, processes: 4, minutes: 400, leak: 1024 });
  const busy = curveOf({ seed: 6, processes: 4, minutes: 400, leak: 1024, load: 3 });
  expect(compareVersions(quiet, busy).verdict).not.toBe('more');
});

test('versions that were never seen at the same age are not compared', () => {
  const older = curveOf({ seed: 1, processes: 2, minutes: 5, leak: 0 });
  const newer = curveOf({ seed: 2, processes: 2, minutes: 300, leak: 0 });
  expect(compareVersions(older, newer)).toMatchObject({ verdict: 'open', difference: null });
});

test('the interval of the difference holds its promise', () => {
  let covered = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const older = curveOf({ seed, processes: 3, minutes: 160, leak: 500 });
    const newer = curveOf({ seed: seed + 5000, processes: 3, minutes: 160, leak: 1500 });
    const { difference } = compareVersions(older, newer);
    if (difference !== null && difference.low <= 1000 && difference.high >= 1000) covered++;
  }
  expect(covered / 200).toBeGreaterThan(0.92);
});

test('curves add up, and go on after they were saved', () => {
  const both = curveOf({ seed: 1, processes: 2, minutes: 200, leak: 100 });
  both.join(curveOf({ seed: 2, processes: 3, minutes: 200, leak: 100 }));
  const again = AgeCurve.restore(JSON.parse(JSON.stringify(both.save())));
  expect(again?.buckets).toEqual(both.buckets);
  const steps = (curve: AgeCurve): number => curve.buckets.reduce((sum, bucket) => sum + bucket.steps, 0);
  expect(steps(both)).toBe((5 / 2) * steps(curveOf({ seed: 1, processes: 2, minutes: 200, leak: 100 })));
  expect(AgeCurve.restore({ ...both.save(), sums: [1] })).toBeNull();
});

test('nothing that comes in makes it throw or spoils its sums', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -10, max: 100_000 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 3 }), number, number, fc.option(number))), (rows) => {
      const curve = new AgeCurve({ byRequests: true });
      for (const [nth, ageS, bytes, requests] of rows) curve.add({ process: `p${nth}`, ageS, bytes, requests });
      for (const { steps, growth } of curve.buckets) {
        expect(steps).toBeGreaterThan(0);
        if (growth !== null) expect(Number.isNaN(growth.value)).toBe(false);
      }
    }),
  );
});
