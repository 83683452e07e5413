import { expect, test } from 'vitest';
import { capacityOf, loadOf, type Load, type SeenLoad } from './capacity.ts';

const at = (minute: number, requests: number | null, rssBytes = 100 * 2 ** 20): SeenLoad => ({
  timeMs: minute * 60_000,
  rssBytes,
  requests,
});
const now = { processes: 2, perSecond: 10, containerLimitBytes: 512 * 2 ** 20 };
const seen = (mostPerSecond: number | null, peakRssBytes = 100 * 2 ** 20): Load => ({
  processes: 1,
  peakRssBytes,
  mostPerSecond,
});

test('what a process bore is the most that it answered over a minute, a new start apart', () => {
  const one = [at(0, 0), at(1, 600), at(2, 2400, 200 * 2 ** 20), at(3, 30), at(4, 630)];
  expect(loadOf([one, [at(0, null), at(1, null)]])).toEqual({
    processes: 2,
    peakRssBytes: 200 * 2 ** 20,
    mostPerSecond: 30,
  });
  // Two samples within a second are no stretch.
  expect(loadOf([[at(0, 0), at(0.01, 100)]]).mostPerSecond).toBeNull();
  expect(loadOf([])).toEqual({ processes: 0, peakRssBytes: null, mostPerSecond: null });
});

test.each([
  [seen(12), now, true, /bore 12 requests a second a process; 10 requests a second come/],
  [seen(9), now, true, /bore 9 requests/],
  [seen(4), now, false, /never seen with more than 4 requests a second a process, and 10 requests a second come/],
  [seen(12, 490 * 2 ** 20), now, false, /needed 490 MB and the container has 512 MB/],
  [seen(12), { ...now, perSecond: null }, null, /how many come now is not told/],
  [seen(null), now, null, /was not seen at work/],
])('%j against %j: %s', (load, demand, isEnough, sentence) => {
  expect(capacityOf('1.0', load, demand)).toEqual({ isEnough, sentence: expect.stringMatching(sentence) });
});
