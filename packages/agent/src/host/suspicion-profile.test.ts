import type { AllocationSampling } from '@ebb/capture';
import { expect, it } from 'vitest';
import { sitesOf, SuspicionProfile } from './suspicion-profile.ts';

const frame = (name: string, url: string): { function: string; url: string; line: number; column: number } => ({
  function: name,
  url,
  line: 7,
  column: 1,
});
const profile = {
  sites: [
    {
      stack: [frame('push', 'node:internal/x'), frame('makeSession', 'file:///app/sessions.js')],
      liveBytes: 3 * 2 ** 20,
    },
    { stack: [frame('', '')], liveBytes: 2 ** 20 },
  ],
  otherBytes: 0,
  intervalBytes: 1,
};

it('names a site by the program’s own code', () => {
  expect(sitesOf(profile)).toEqual(['75 % of 4 MB: makeSession (/app/sessions.js:7)', '25 % of 4 MB: (anonymous)']);
});

it('samples from a suspicion on, takes profiles at their times, and stops when the suspicion is long gone', async () => {
  let nowMs = 0;
  let running = 0;
  const told: string[][] = [];
  const start = (): Promise<AllocationSampling> => {
    running += 1;
    return Promise.resolve({ startPauseMs: 0, take: () => ({ profile, pauseMs: 0 }), stop: () => (running -= 1) });
  };
  const watch = new SuspicionProfile({
    monotonicMs: () => nowMs,
    firstMs: 10,
    againMs: 100,
    onSites: (sites) => told.push(sites),
    start,
  });
  watch.consider(false);
  expect(running).toBe(0);
  watch.consider(true);
  await Promise.resolve();
  for (nowMs = 1; nowMs <= 250; nowMs += 1) watch.consider(nowMs < 140);
  expect(told).toHaveLength(3);
  expect(running).toBe(0);
});

it('asks once where it is refused', async () => {
  let asked = 0;
  const start = (): Promise<AllocationSampling> => Promise.reject(new Error(String((asked += 1))));
  const options = { monotonicMs: () => 0, firstMs: 0, againMs: 1, onSites: () => undefined, start };
  const watch = new SuspicionProfile(options);
  for (let i = 0; i < 5; i++) {
    watch.consider(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(asked).toBe(1);
});
