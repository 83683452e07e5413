import { describe, expect, it } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { theilSen } from './theil-sen.ts';

const count = (n: number): Float64Array => Float64Array.from({ length: n }, (_, index) => index);

describe('theilSen', () => {
  it('finds a line exactly', () => {
    const x = count(10);
    const line = theilSen(
      x,
      x.map((v) => 7 + 3 * v),
      0,
      10,
    );
    expect(line).toEqual({ slope: 3, low: 3, high: 3, noise: 0 });
  });

  it('is not moved by a quarter of wild points', () => {
    const x = count(20);
    const y = x.map((v) => (v % 4 === 1 ? 1e9 : 2 * v));
    expect(theilSen(x, y, 0, 20).slope).toBeCloseTo(2, 6);
  });

  it('looks only at the points that it was given', () => {
    const x = count(20);
    const y = x.map((v) => (v < 10 ? 0 : v));
    expect(theilSen(x, y, 0, 10).slope).toBe(0);
    expect(theilSen(x, y, 10, 20).slope).toBe(1);
  });

  it('knows nothing of one point, or of points at one place', () => {
    const unknown = { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    expect(theilSen(count(1), count(1), 0, 1)).toMatchObject(unknown);
    expect(theilSen(new Float64Array(5), count(5), 0, 5)).toMatchObject(unknown);
  });

  it('gives no interval to three points', () => {
    expect(theilSen(count(3), count(3), 0, 3)).toMatchObject({ slope: 1, low: Number.NEGATIVE_INFINITY });
  });

  it.each([0, 0.5, 0.8])('holds the true slope in its interval, with noise of autocorrelation %d', (memory) => {
    const runs = 400;
    let inside = 0;
    const random = seeded(11);
    for (let run = 0; run < runs; run++) {
      let noise = random.normal();
      const y = count(24).map((v) => {
        noise = memory * noise + Math.sqrt(1 - memory ** 2) * random.normal();
        return 0.3 * v + noise;
      });
      const { low, high } = theilSen(count(24), y, 0, 24);
      if (low <= 0.3 && 0.3 <= high) inside++;
    }
    // Nominal 0.95. Twenty-four points cannot tell all of a strong autocorrelation from a slope; see the bench.
    expect(inside / runs).toBeGreaterThan(memory === 0.8 ? 0.8 : 0.9);
  });
});
