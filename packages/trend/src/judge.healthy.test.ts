import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blank, flat, play, shareOf, watch } from './fixtures/watched.ts';
import { MemoryJudge } from './judge.ts';
import type { MemorySample } from './sample.ts';
import { healthy, MB } from './simulate/index.ts';

describe('a healthy program', () => {
  it('is never called a leak in simulated services', () => {
    expect(shareOf(Object.values(healthy), 12, 1, (watched) => watched.leakAtS !== null)).toBe(0);
    expect(shareOf(Object.values(healthy), 4, 60, (watched) => watched.leakAtS !== null)).toBe(0);
  });

  it('is seldom suspicious when it is flat, noisy or just starting', () => {
    const quiet = ['flat', 'start-up', 'buffers in flight', 'memory mapped by libraries, then kept'];
    expect(
      shareOf(
        quiet.map((name) => healthy[name]),
        12,
        1,
        (watched) => watched.suspiciousAtS !== null,
      ),
    ).toBeLessThan(0.05);
  });

  it('is clean, and says between which levels it stays', () => {
    const { last } = play(flat);
    expect(last).toMatchObject({ verdict: 'clean', suspicious: false, trend: { secondsToLimit: null } });
    expect(last.evidence[0]).toMatch(
      /^the floor after each collection stayed between 4\d\.\d MB and 4\d\.\d MB for \d+ s, and does not grow$/,
    );
  });

  it('is bounded after a cache has filled, and no longer suspicious', () => {
    const { last, leakAtS } = play({ liveBytes: (ageS) => (40 + Math.min(20, ageS / 2)) * MB }, { durationS: 150 });
    expect(last).toMatchObject({ verdict: 'bounded', suspicious: false });
    expect(last.settlesAtBytes! / (62 * MB)).toBeCloseTo(1, 1);
    expect(leakAtS).toBeNull();
  });

  it('is warming while its growth slows down', () => {
    const { last } = play({ liveBytes: (ageS) => (40 + 60 * (1 - Math.exp(-ageS / 40))) * MB }, { durationS: 60 });
    expect(last.verdict).toBe('warming');
    expect(last.evidence.join()).toContain('it slows down');
    // 40 MB, 60 of growth that slows down, and 2 of external memory.
    expect(last.settlesAtBytes! / (102 * MB)).toBeCloseTo(1, 0);
    expect(last.wouldChange).toMatch(/no longer slows down is a leak/);
  });

  it('is not a leak because its traffic grows, and says so', () => {
    const rate = (ageS: number): number => 20 + ageS / 2;
    const { leakAtS, last } = play({ rate, liveBytes: (ageS) => 40 * MB + 0.1 * MB * rate(ageS) }, { durationS: 180 });
    expect(leakAtS).toBeNull();
    expect(last.evidence.join()).toMatch(/traffic grew as well|slows down/);
  });

  it.each(['checkoutservice', 'shippingservice', 'ts-seat-service'])(
    'is not called a leak on a real day of %s',
    (pod) => {
      const rows = readFileSync(new URL('fixtures/nezha-pods.csv', import.meta.url), 'utf8')
        .trim()
        .split('\n');
      let requests = 0;
      const samples = rows
        .filter((row) => row.startsWith(`${pod},`))
        .map((row): MemorySample => {
          const [, seconds, mebibytes, served] = row.split(',').map(Number);
          const heapBytes = mebibytes * MB;
          requests += served;
          const timeMs = seconds * 1000;
          const floor = { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 };
          return {
            ...blank(),
            timeMs,
            floor,
            heapUsedBytes: heapBytes,
            rssBytes: heapBytes + 40 * MB,
            requests,
            heapLimitBytes: 1024 * MB,
          };
        });
      expect(samples.length).toBeGreaterThan(800);
      const { verdicts } = watch(samples, new MemoryJudge({ warmupMs: 600_000 }));
      expect(verdicts).not.toContain('leak');
      expect(verdicts).not.toContain('native');
    },
  );
});
