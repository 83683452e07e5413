import { expect, test } from 'vitest';
import { compare, isWorthIt, spreadOf, type RunFigures } from './compare.ts';

const run = (told: Partial<RunFigures>): RunFigures => ({
  ...{ peakRssBytes: 100e6, cpuMsPerRequest: 1, latencyP99Ms: 10, gcShare: 0.1, requestsPerSecond: 1000 },
  ...told,
});
const runs = (figure: keyof RunFigures, ...values: number[]): RunFigures[] =>
  values.map((value) => run({ [figure]: value }));
const verdict = (figure: keyof RunFigures, before: number[], after: number[]): unknown =>
  compare(runs(figure, ...before), runs(figure, ...after)).find((one) => one.figure === figure)?.verdict;

test('a figure changed only where no run with the setting is as good as any without', () => {
  expect(verdict('peakRssBytes', [100, 102, 98, 101], [80, 82, 79, 85])).toBe('better');
  expect(verdict('peakRssBytes', [100, 102, 98, 101], [80, 82, 79, 99])).toBeNull();
  expect(verdict('latencyP99Ms', [10, 11, 10, 9], [14, 15, 13, 20])).toBe('worse');
  expect(verdict('requestsPerSecond', [1000, 1010, 990, 1000], [1200, 1210, 1190, 1300])).toBe('better');
});

test('a change of less than three in a hundred is none, however sure', () => {
  expect(verdict('cpuMsPerRequest', [1, 1, 1, 1], [0.98, 0.98, 0.98, 0.98])).toBeNull();
  expect(verdict('gcShare', [0.004, 0.004, 0.004, 0.004], [0.001, 0.001, 0.001, 0.001])).toBeNull();
});

test('a setting is worth it when something becomes better and nothing worse', () => {
  const before = runs('latencyP99Ms', 10, 10, 10, 10);
  const better = runs('latencyP99Ms', 5, 5, 5, 5);
  expect(isWorthIt(compare(before, better))).toBe(true);
  const mixed = better.map((one) => ({ ...one, peakRssBytes: 200e6 }));
  expect(isWorthIt(compare(before, mixed))).toBe(false);
  expect(isWorthIt(compare(before, before))).toBe(false);
});

test('the median is that of the sorted values, between the middle two of an even number', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
});
