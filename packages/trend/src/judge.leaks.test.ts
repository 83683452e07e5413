import { describe, expect, it } from 'vitest';
import { blank, leak, LEAKED, play, shareOf, watch } from './fixtures/watched.ts';
import type { MemorySample } from './sample.ts';
import { leaks, MB, simulate } from './simulate/index.ts';
import type { Program } from './simulate/index.ts';

describe('a program that leaks', () => {
  it.each([
    [4, 12],
    [10, 10],
    [20, 8],
  ])('that keeps %i KB of each request is suspicious within %i seconds of its warm-up', (kilobytes, withinS) => {
    const program: Program = { liveBytes: (_, requests) => 40 * MB + kilobytes * 1024 * requests };
    for (let seed = 1; seed <= 5; seed++) {
      expect(play(program, { seed, collectEveryS: 1 }).suspiciousAtS).toBeLessThanOrEqual(8 + withinS);
    }
  });

  it('is called a leak once growth is proven, with its slope, its bytes a request and the way to the limit', () => {
    const { last, leakAtS } = play(leak);
    expect(leakAtS).toBeGreaterThan(30);
    expect(leakAtS).toBeLessThan(90);
    const { trend } = last;
    expect(trend.bytesPerSecond / (50 * LEAKED)).toBeCloseTo(1, 1);
    expect(trend.bytesPerRequest! / LEAKED).toBeCloseTo(1, 1);
    expect(trend.interval[0]).toBeGreaterThan(0);
    expect(trend.limitBytes).toBe(256 * MB);
    const truly = (256 * MB - 40 * MB - 120 * 50 * LEAKED) / (50 * LEAKED);
    expect(trend.secondsToLimit! / truly).toBeCloseTo(1, 1);
    expect(trend.secondsToLimitInterval![0]).toBeLessThanOrEqual(trend.secondsToLimit!);
    expect(trend.secondsToLimitQuantiles!.p10).toBeLessThan(truly * 1.05);
    expect(trend.secondsToLimitQuantiles!.p90).toBeGreaterThan(truly * 0.95);
    expect(trend.secondsToLimitInterval![1]).toBeGreaterThanOrEqual(trend.secondsToLimit!);
  });

  it('is told in sentences that a person can read at three in the morning', () => {
    const steady = function* (): Generator<MemorySample> {
      for (let second = 0; second <= 100; second += 2) {
        const heapBytes = (40 + 0.45 * second) * MB;
        const floor = { timeMs: second * 1000, heapBytes, externalBytes: 2 * MB, arrayBuffersBytes: MB };
        yield {
          ...blank(),
          timeMs: second * 1000,
          floor,
          heapUsedBytes: heapBytes + 9 * MB,
          rssBytes: heapBytes + 60 * MB,
          requests: second * 50,
          heapLimitBytes: 256 * MB,
        };
      }
    };
    expect(watch(steady()).last.evidence).toEqual([
      'the floor after each collection rose from 45.6 MB to 86.1 MB in 90 s, in 23 of 23 steps',
      'it grows by 461 KB a second (461 KB a second to 461 KB a second)',
      'that is 9.2 KB a request',
      expect.stringMatching(/^without a leak, one series in [\d,]+ would ever look like this$/),
      'the limit of 256 MB is 6 min away (6 min to 6 min)',
    ]);
  });

  it('is held against the container when that limit is nearer than the heap’s', () => {
    const { last } = play(leak, { heapLimitBytes: 2048 * MB, rssLimitBytes: 200 * MB });
    expect(last.trend.limitBytes).toBe(200 * MB);
    expect(last.trend.secondsToLimit).toBeLessThan(400);
  });

  it('is held against the container when it keeps buffers, which the heap limit does not bound', () => {
    const buffers: Program = { liveBytes: () => 30 * MB, externalBytes: (ageS) => (2 + ageS / 2) * MB };
    const { last } = play(buffers, { heapLimitBytes: 100 * MB, rssLimitBytes: 1024 * MB });
    expect(last.verdict).toBe('leak');
    expect(last.trend.limitBytes).toBe(1024 * MB);
  });

  it('stays a leak while it rests with the traffic', () => {
    const program: Program = { ...leak, rate: (ageS) => (ageS < 120 ? 50 : 0.5) };
    expect(play(program, { durationS: 300 }).last.verdict).toBe('leak');
  });

  it('is found by its memory in use when no collection is ever seen, as suspicious and never as proven', () => {
    const program: Program = { liveBytes: (ageS) => (40 + ageS / 2) * MB, rate: () => 2 };
    const samples = [...simulate(program, { seed: 2, durationS: 400, heapLimitBytes: 512 * MB })];
    const { last, suspiciousAtS, leakAtS } = watch(samples.map((sample) => ({ ...sample, floor: null })));
    expect(suspiciousAtS).not.toBeNull();
    expect(leakAtS).toBeNull();
    expect(last.evidence.at(-1)).toBe('no full collection was seen yet: judged by the memory in use, garbage included');
  });

  it('is found in simulated services, nearly always', () => {
    expect(shareOf(Object.values(leaks), 8, 1, (watched) => watched.suspiciousAtS !== null)).toBeGreaterThan(0.98);
    expect(shareOf(Object.values(leaks), 8, 1, (watched) => watched.leakAtS !== null)).toBeGreaterThan(0.6);
  });
});
