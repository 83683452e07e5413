import { expect, it } from 'vitest';
import { NativePartsHistory, type NativeParts } from './native-parts.ts';

const parts = (mallocBytes: number, mallocInUseBytes = Number.NaN): NativeParts => ({
  mallocBytes,
  mallocInUseBytes,
  heapUnusedBytes: 5,
  mappedBytes: Number.NaN,
});

it('tells how much each part rose by since a time, however long the series', () => {
  const history = new NativePartsHistory(10);
  for (let timeS = 0; timeS <= 10_000; timeS += 4) history.add(timeS, parts(1000 + 3 * timeS, timeS));
  for (const askedS of [0, 2000, 7000, 9999]) {
    const risen = history.riseSince(askedS);
    expect(risen?.parts.mallocBytes).toBe(3 * (10_000 - risen!.sinceS));
    expect(risen?.parts.mallocInUseBytes).toBe(10_000 - risen!.sinceS);
    expect(risen?.parts.heapUnusedBytes).toBe(0);
    expect(risen?.parts.mappedBytes).toBeNaN();
    // Six moments, about evenly spread.
    expect(Math.abs(risen!.sinceS - askedS)).toBeLessThanOrEqual(10_000 / 3);
  }
});

it('takes what is not told now for what was told last', () => {
  const history = new NativePartsHistory(10);
  history.add(0, parts(100));
  history.add(20, parts(400));
  history.add(30, parts(Number.NaN));
  expect(history.riseSince(0)).toMatchObject({ sinceS: 0, parts: { mallocBytes: 300 } });
});

it('tells nothing of a single moment, and goes on from its state', () => {
  const state = new Float64Array(NativePartsHistory.size);
  const history = new NativePartsHistory(10, state);
  expect(history.riseSince(0)).toBeNull();
  history.add(5, parts(100));
  expect(history.riseSince(0)).toBeNull();
  new NativePartsHistory(10, state).add(50, parts(150));
  expect(history.riseSince(0)?.parts.mallocBytes).toBe(50);
  history.clear();
  expect(history.riseSince(0)).toBeNull();
});
