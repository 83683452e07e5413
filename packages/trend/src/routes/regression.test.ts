import { expect, test } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { intervalOf, Regression, student975 } from './regression.ts';

const ones = (rows: number): Float64Array => new Float64Array(rows).fill(1);
const apart = (rows: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => (row === 0 ? 0 : 1));

test("Student's quantiles are those of the tables", () => {
  expect(student975(5)).toBeCloseTo(2.5706, 2);
  expect(student975(10)).toBeCloseTo(2.2281, 3);
  expect(student975(30)).toBeCloseTo(2.0423, 4);
  expect(student975(1e9)).toBeCloseTo(1.96, 3);
});

test('the interval covers the true slope nineteen times of twenty, whatever the noise remembers', () => {
  for (const memory of [0, 0.7, 0.9]) {
    let covered = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed * 31 + memory * 1000);
      let noise = random.normal();
      const bytes = Float64Array.from({ length: 50 }, (_, row) => {
        noise = memory * noise + Math.sqrt(1 - memory ** 2) * random.normal();
        return 5 + 0.1 * row + noise;
      });
      const regression = new Regression({ apart: apart(50), bytes }, [ones(50)]);
      const guess = regression.guess(Float64Array.from({ length: 50 }, (_, row) => row));
      if (guess === null) continue;
      const { low, high } = intervalOf([{ chance: 1, guess }]);
      if (low <= 0.1 && high >= 0.1) covered++;
    }
    // Nineteen of twenty, less three deviations of 300 draws; and a little for the strongest memory, of which 50 rows tell little.
    expect(covered / 300).toBeGreaterThan(0.9);
  }
});

test('a column that the base holds already has no coefficient', () => {
  const bytes = Float64Array.from({ length: 20 }, (_, row) => row);
  const line = Float64Array.from(bytes);
  const regression = new Regression({ apart: apart(20), bytes }, [ones(20), line]);
  expect(regression.guess(line.map((value) => 3 * value + 1))).toBeNull();
});

test('a second model that says otherwise widens the interval', () => {
  const guess = { value: 10, variance: 1, freedom: 30 };
  const one = intervalOf([{ chance: 1, guess }]);
  const two = intervalOf([
    { chance: 0.7, guess },
    { chance: 0.3, guess: { ...guess, value: 4 } },
  ]);
  expect(two.high - two.low).toBeGreaterThan(one.high - one.low);
  expect(two.value).toBeCloseTo(8.2);
});
