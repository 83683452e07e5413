import { describe, expect, it } from 'vitest';
import { MemoryJudge } from '../judge.ts';
import type { Verdict } from '../judgement.ts';
import { MB, seeded } from '../simulate/index.ts';

/** What is said at each minute of a service whose floor, and requests, are these. */
function verdicts(
  floor: (hour: number) => number,
  hours: number,
  rate: (hour: number) => number = () => 20,
): Verdict[] {
  const judge = new MemoryJudge({ warmupMs: 600_000 });
  const random = seeded(3);
  let requests = 0;
  return Array.from({ length: hours * 60 }, (_, minute) => {
    const timeMs = minute * 60_000;
    const heapBytes = floor(minute / 60) + 0.5 * MB * random.normal();
    requests += Math.round(rate(minute / 60) * 60 * (1 + 0.1 * random.normal()));
    return judge.observe({
      timeMs,
      floor: { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: heapBytes,
      rssBytes: heapBytes + 60 * MB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests,
      heapLimitBytes: 1000 * MB,
      rssLimitBytes: null,
    }).verdict;
  });
}

const leak = (hour: number): number => 200 * MB + 10 * MB * hour;

describe('a leak that was told', () => {
  it('stands while growth goes on, however uneven it becomes', () => {
    const said = verdicts((hour) => leak(hour) + (hour > 12 && hour % 4 < 2 ? 8 * MB : 0), 40);
    const first = said.indexOf('leak');
    expect(first).toBeGreaterThan(0);
    expect(said.slice(first).every((verdict) => verdict === 'leak')).toBe(true);
  });

  it('stands while it rests with the traffic', () => {
    const worked = (hour: number): number => Math.min(hour, 14) + Math.max(0, hour - 24);
    const said = verdicts(
      (hour) => leak(worked(hour)),
      34,
      (hour) => (hour > 14 && hour < 24 ? 0 : 20),
    );
    const first = said.indexOf('leak');
    expect(first).toBeGreaterThan(0);
    expect(said.slice(first).every((verdict) => verdict === 'leak')).toBe(true);
  });

  it('is none any more when it stands still while the work goes on', () => {
    const said = verdicts((hour) => leak(Math.min(hour, 14)), 40);
    expect(said).toContain('leak');
    expect(said.at(-1)).not.toBe('leak');
  });

  it('is none any more when the memory is given back', () => {
    const said = verdicts((hour) => leak(hour < 14 ? hour : 2), 16);
    expect(said).toContain('leak');
    expect(said.slice(15 * 60)).not.toContain('leak');
  });
});
