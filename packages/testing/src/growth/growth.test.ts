import type { Finding, FindingsReport } from '@ebb/heap';
import { describe, expect, test } from 'vitest';
import type { Floor } from '../runner/protocol.ts';
import { leakSize } from './leak-size.ts';
import { slopeOf, studentT95 } from './slope.ts';

const floors = (start: number, heapBytes: number[], every = 1000): Floor[] =>
  heapBytes.map((bytes, k) => ({ iterations: start + k * every, heapBytes: bytes, externalBytes: 0 }));

describe('the slope of floors', () => {
  test('is exact for even growth, and a jump between two steps is none', () => {
    const steps = [floors(0, [0, 1e5, 2e5, 3e5]), floors(3000, [9e6, 9.1e6, 9.2e6, 9.3e6])];
    const slope = slopeOf(steps);
    expect(slope?.bytesPerIteration).toBeCloseTo(100);
    expect(slope?.interval[0]).toBeCloseTo(100);
    expect(slope?.interval[1]).toBeCloseTo(100);
  });

  test('counts memory outside the heap', () => {
    const external = [0, 1, 2, 3].map((k) => ({ iterations: k, heapBytes: 5e6, externalBytes: k * 16_384 }));
    expect(slopeOf([external])?.bytesPerIteration).toBeCloseTo(16_384);
  });

  test('is uncertain for a sawtooth, and the interval spans zero', () => {
    const slope = slopeOf([floors(0, [0, 90e3, 10e3, 80e3, 5e3, 95e3, 0])]);
    expect(slope?.interval[0]).toBeLessThan(0);
    expect(slope?.interval[1]).toBeGreaterThan(0);
  });

  test('is not too sure of itself where growth comes in one stair', () => {
    const slope = slopeOf([floors(0, [0, 0, 0, 1e6, 1e6, 1e6, 1e6])]);
    expect(slope?.interval[0]).toBeLessThan(0);
  });

  test('has an interval that holds the truth in about 95 of 100 noisy runs', () => {
    let random = 12_345;
    const noise = (): number => {
      let total = -6;
      for (let k = 0; k < 12; k++) total += (random = (random * 16_807) % 2_147_483_647) / 2_147_483_647;
      return total * 20e3;
    };
    let hits = 0;
    for (let run = 0; run < 400; run++) {
      const step = (start: number): Floor[] =>
        floors(
          start,
          Array.from({ length: 7 }, (_, k) => 6e6 + (start + k * 1000) * 50 + noise()),
        );
      const slope = slopeOf([step(0), step(6000)]);
      if (slope !== null && slope.interval[0] <= 50 && slope.interval[1] >= 50) hits++;
    }
    expect(hits).toBeGreaterThanOrEqual(372);
  });

  test('is not told from less than three rounds', () => {
    expect(slopeOf([floors(0, [0, 1, 2])])).toBeNull();
    expect(slopeOf([])).toBeNull();
  });

  test('uses the quantiles of Student’s t as tables print them', () => {
    for (const [freedom, value] of [
      [1, 12.706],
      [2, 4.303],
      [3, 3.182],
      [5, 2.571],
      [10, 2.228],
      [30, 2.042],
    ] as const) {
      expect(Math.abs(studentT95(freedom) / value - 1)).toBeLessThan(0.01);
    }
  });
});

describe('the size of a leak', () => {
  const finding = (growthBytes: number, verdict: Finding['verdict'] = 'leak'): Finding =>
    ({ verdict, growthBytes }) as Finding;
  const report = (...findings: Finding[]): FindingsReport => ({
    format: 'ebb.findings/1',
    verdict: 'leak',
    findings,
    snapshots: [],
  });

  test('is what the floors say where they are sure', () => {
    const slope = { bytesPerIteration: 300, interval: [250, 350] as [number, number] };
    expect(leakSize(slope, report(finding(900_000)), 6000)).toEqual(slope);
  });

  test('is what the largest leaking holder grew by where the floors are not sure', () => {
    const slope = { bytesPerIteration: 90, interval: [-40, 220] as [number, number] };
    const size = leakSize(slope, report(finding(600_000), finding(500_000), finding(9e9, 'suspect')), 6000);
    expect(size).toEqual({ bytesPerIteration: 100, interval: [-40, 220] });
  });

  test('is known without floors too', () => {
    expect(leakSize(null, report(finding(1000)), 10)).toEqual({ bytesPerIteration: 100, interval: [100, 100] });
  });
});
