import { describe, expect, it } from 'vitest';
import { blank, watch } from './fixtures/watched.ts';
import { MemoryJudge } from './judge.ts';
import type { MemorySample } from './sample.ts';
import { MB, seeded } from './simulate/index.ts';

describe('a process of which only RSS is known', () => {
  const hourS = 3600;
  /** A sample a minute: garbage comes and goes with the half-hour, and noise of 2 MB with it. */
  function* rssOnly(
    level: (hours: number) => number,
    hours: number,
    limitBytes: number | null,
  ): Generator<MemorySample> {
    const random = seeded(11);
    for (let timeS = 0; timeS <= hours * hourS; timeS += 60) {
      const rssBytes = level(timeS / hourS) + 6 * MB * ((timeS / 1800) % 1) + 2 * MB * random.next();
      yield { ...blank(), timeMs: timeS * 1000, heapUsedBytes: Number.NaN, rssBytes, rssLimitBytes: limitBytes };
    }
  }
  const service = (): MemoryJudge => new MemoryJudge({ warmupMs: 600_000 });

  it('is a leak when it grows for long, and the judge says how unsure that is', () => {
    const { last, leakAtS } = watch(
      rssOnly((hours) => (300 + 5 * hours) * MB, 14, 500 * MB),
      service(),
    );
    expect(leakAtS).toBeGreaterThan(8 * hourS);
    expect(leakAtS).toBeLessThan(12 * hourS);
    expect(last.trend.limitBytes).toBe(500 * MB);
    expect(last.trend.bytesPerSecond / ((5 * MB) / hourS)).toBeCloseTo(1, 1);
    expect(last.evidence.at(-1)).toMatch(/^judged by RSS alone/);
  });

  it('is a leak sooner when the limit comes near', () => {
    const { leakAtS } = watch(
      rssOnly((hours) => (300 + 30 * hours) * MB, 8, 500 * MB),
      service(),
    );
    expect(leakAtS).toBeLessThan(4 * hourS);
  });

  it('is a leak without a limit, too', () => {
    expect(
      watch(
        rssOnly((hours) => (300 + 5 * hours) * MB, 14, null),
        service(),
      ).last.verdict,
    ).toBe('leak');
  });

  it.each<[string, (hours: number) => number]>([
    ['stands still', () => 300 * MB],
    ['fills a cache for five hours', (hours) => (300 + 20 * Math.min(5, hours)) * MB],
    ['fills a cache slower and slower', (hours) => (300 + 90 * (1 - Math.exp(-hours / 3))) * MB],
    ['follows the day, once it has seen one', (hours) => (300 - 30 * Math.sin((hours / 24) * 2 * Math.PI)) * MB],
    ['begins to grow in mid-life, for eight hours', (hours) => (300 + 20 * Math.min(8, Math.max(0, hours - 6))) * MB],
  ])('is no leak when it %s', (_, level) => {
    const { verdicts } = watch(rssOnly(level, 48, 800 * MB), service());
    expect(verdicts).not.toContain('leak');
    expect(verdicts).not.toContain('native');
  });

  it('is judged anew when it falls to less than half', () => {
    const { last } = watch(
      rssOnly((hours) => (hours < 14 ? 300 + 5 * hours : 100) * MB, 20, 500 * MB),
      service(),
    );
    expect(last.evidence).toContain('the process was restarted: judged anew since then');
    expect(last.verdict).not.toBe('leak');
  });
});
