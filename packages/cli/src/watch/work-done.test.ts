import { expect, test } from 'vitest';
import { workDone } from './work-done.ts';

const at = (activeMs: number, requests: number | null): Parameters<typeof workDone>[0][number] => ({
  file: 'x',
  method: 'inline',
  pauseMs: 500,
  takenAtMs: activeMs,
  activeMs,
  requests,
  requestsByRoute: {},
});

test('growth is held against requests where some came in every step', () => {
  expect(workDone([at(1000, 10), at(9000, 30), at(12_000, 90)])).toEqual([10, 30, 90]);
});

test('growth is held against time where a step had no requests, or none are counted', () => {
  expect(workDone([at(1000, 10), at(9000, 10), at(12_000, 90)])).toEqual([1000, 9000, 12_000]);
  expect(workDone([at(1000, null), at(9000, null)])).toEqual([1000, 9000]);
});
