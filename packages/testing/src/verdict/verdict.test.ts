import type { FindingsReport } from '@ebb/heap';
import { expect, test } from 'vitest';
import { needsLongerStep, verdictOf, worst } from './verdict.ts';

const report = (verdict: FindingsReport['verdict']): FindingsReport => ({
  format: 'ebb.findings/1',
  verdict,
  findings: [],
  snapshots: [],
});
const slope = (low: number, high: number): { bytesPerIteration: number; interval: [number, number] } => ({
  bytesPerIteration: (low + high) / 2,
  interval: [low, high],
});

test('growth in the snapshots is a suspicion, to be held against more work', () => {
  expect(needsLongerStep(report('leak'), null, 1000)).toBe(true);
  expect(needsLongerStep(report('suspect'), null, 1000)).toBe(true);
  expect(needsLongerStep(report('bounded'), slope(500, 600), 10_000)).toBe(false);
});

test('a floor that surely rises by much is looked at again, one that drifts a little is not', () => {
  expect(needsLongerStep(report('clean'), slope(100, 200), 10_000)).toBe(true);
  expect(needsLongerStep(report('clean'), slope(2, 9), 10_000)).toBe(false);
  expect(needsLongerStep(report('clean'), slope(-50, 900), 10_000)).toBe(false);
});

test('a leak that stopped in the longer step was growth to a bound', () => {
  expect(verdictOf(report('clean'), true)).toBe('bounded');
  expect(verdictOf(report('suspect'), true)).toBe('bounded');
  expect(verdictOf(report('suspect'), false)).toBe('clean');
  expect(verdictOf(report('leak'), true)).toBe('leak');
});

test('the worst of several verdicts', () => {
  expect(worst(['clean', 'leak', 'bounded'])).toBe('leak');
  expect(worst(['clean', 'bounded'])).toBe('bounded');
  expect(worst(['clean'])).toBe('clean');
});
