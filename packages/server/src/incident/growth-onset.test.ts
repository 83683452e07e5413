import { expect, test } from 'vitest';
import { growthOnset } from './growth-onset.ts';

const minuteMs = 60_000;
const series = (bytesAt: (minute: number) => number, minutes = 120) =>
  Array.from({ length: minutes }, (_, minute) => ({ timeMs: minute * minuteMs, bytes: bytesAt(minute) }));
/** From −1 to 1, the same in every run. */
const noise = (at: number): number => ((Math.imul(at + 1, 2_654_435_761) >>> 0) / 2 ** 32) * 2 - 1;

test('growth that begins in the middle begins there, with noise within minutes', () => {
  expect(growthOnset(series((at) => 1e8 + Math.max(0, at - 40) * 1e6))).toBe(40 * minuteMs);
  const noisy = growthOnset(series((at) => 1e8 + Math.max(0, at - 40) * 1e6 + 1e6 * noise(at))) ?? 0;
  expect(Math.abs(noisy / minuteMs - 40)).toBeLessThan(5);
});

test('what grows from its start on grows since then', () => {
  expect(growthOnset(series((at) => 1e8 + at * 1e6))).toBe(0);
});

test('what does not grow has no beginning, nor have a few samples', () => {
  expect(growthOnset(series(() => 1e8))).toBeNull();
  expect(growthOnset(series((at) => 1e8 - at * 1e5))).toBeNull();
  expect(growthOnset(series((at) => at, 3))).toBeNull();
});

test('a day of minutes is thinned out, and its beginning is still within some minutes', () => {
  const onset = growthOnset(series((at) => 1e8 + Math.max(0, at - 700) * 1e5, 1440)) ?? 0;
  expect(Math.abs(onset / minuteMs - 700)).toBeLessThan(10);
});
