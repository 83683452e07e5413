import { expect, test } from 'vitest';
import { stretchOf, type RouteMinute } from './stretch.ts';

const minute = 60_000;
/** `bad[i]` of a hundred requests in minute i. */
const minutes = (...bad: number[]): RouteMinute[] =>
  bad.map((share, at) => ({ minuteMs: at * minute, requests: 100, failed: 0, good: 100 - share }));
const quiet = (count: number, bad = 0): number[] => Array.from({ length: count }, () => bad);
const at = (openedAt: number, endAt: number): { openedMs: number; endMs: number } => ({
  openedMs: openedAt * minute,
  endMs: endAt * minute,
});

test('nothing is hit while requests are as they are always', () => {
  expect(stretchOf([], at(10, 20))).toBeNull();
  expect(stretchOf(minutes(...quiet(60)), at(10, 60))).toBeNull();
  // A report that takes its time is slow every day.
  expect(stretchOf(minutes(...quiet(120, 40)), at(100, 120))).toBeNull();
  // One that always takes it, and then fails for everybody.
  const told = minutes(...quiet(100, 70), ...quiet(20, 100));
  expect(stretchOf(told, at(105, 120))).toEqual({ fromMs: 100 * minute, toMs: 120 * minute });
});

test('of a service that has just begun, nothing is usual', () => {
  expect(stretchOf(minutes(100), at(0, 1))).toEqual({ fromMs: 0, toMs: minute });
});

test('from the first minute that is hit to the last, small gaps included', () => {
  const told = minutes(...quiet(60), 5, 20, 0, 0, 60, 30, ...quiet(30));
  expect(stretchOf(told, at(62, 96))).toEqual({ fromMs: 60 * minute, toMs: 66 * minute });
});

test('what was over long before the incident is not of it', () => {
  const told = minutes(...quiet(10), 50, 50, ...quiet(60), 30, 30, 30);
  expect(stretchOf(told, at(73, 75))).toEqual({ fromMs: 72 * minute, toMs: 75 * minute });
  expect(stretchOf(told.slice(0, 60), at(55, 60))).toBeNull();
});

test('a leak that slows a service down for hours does not become usual', () => {
  const slower = Array.from({ length: 300 }, (_, i) => Math.round(i / 5));
  const told = minutes(...quiet(120), ...slower);
  expect(stretchOf(told, at(400, 420))?.fromMs).toBeLessThan(140 * minute);
});
