import { describe, expect, it } from 'vitest';
import { SampleClock } from './clock.ts';

function feed(times: number[]): { arrivals: string[]; nowMs: number } {
  const clock = new SampleClock();
  return { arrivals: times.map((timeMs) => clock.arrive(timeMs)), nowMs: clock.nowMs };
}

describe('SampleClock', () => {
  it('ignores duplicates and samples that come late', () => {
    expect(feed([1000, 2000, 2000, 1500, 3000])).toEqual({
      arrivals: ['next', 'next', 'ignored', 'ignored', 'next'],
      nowMs: 3000,
    });
  });

  it('goes on where it stopped when the clock was set back', () => {
    const { arrivals, nowMs } = feed([100_000, 101_000, 102_000, 2000, 3000, 4000, 5000, 6000, 7000]);
    expect(arrivals).toEqual(
      ['next', 'next', 'next'].concat(['ignored', 'ignored', 'ignored', 'ignored', 'next', 'next']),
    );
    expect(nowMs).toBe(104_000);
  });

  it('does not take a handful of late samples among timely ones for a clock that was set back', () => {
    const { arrivals } = feed([10_000, 1000, 2000, 3000, 11_000, 4000, 5000, 12_000]);
    expect(arrivals.filter((arrival) => arrival === 'next')).toHaveLength(3);
  });

  it('sees a gap in a hole of over an hour that is longer than the series', () => {
    expect(feed([0, 1000, 365 * 86_400_000]).arrivals).toEqual(['next', 'next', 'gap']);
    expect(feed([0, 1000, 1_800_000]).arrivals).toEqual(['next', 'next', 'next']);
    expect(feed([0, 3_000_000, 6_000_000, 9_000_000, 16_000_000]).arrivals.at(-1)).toBe('next');
  });
});
