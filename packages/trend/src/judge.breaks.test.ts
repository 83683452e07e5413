import { describe, expect, it } from 'vitest';
import { flat, leak, watch } from './fixtures/watched.ts';
import { MemoryJudge } from './judge.ts';
import type { MemorySample } from './sample.ts';
import { simulate } from './simulate/index.ts';

describe('a series with a break in it', () => {
  it('is judged anew after a restart: the count of requests fell', () => {
    const before = [...simulate(leak, { seed: 1, durationS: 120 })];
    const shift = (sample: MemorySample): MemorySample => ({
      ...sample,
      timeMs: sample.timeMs + 121_000,
      floor: sample.floor && { ...sample.floor, timeMs: sample.floor.timeMs + 121_000 },
    });
    const judge = new MemoryJudge();
    expect(watch(before, judge).last.verdict).toBe('leak');
    const after = [...simulate(flat, { seed: 2, durationS: 60 })].map(shift);
    expect(judge.observe(after[0])).toMatchObject({ verdict: 'warming', suspicious: false });
    const { last, leakAtS } = watch(after, judge);
    expect(leakAtS).toBeNull();
    expect(last.verdict).toBe('clean');
    expect(last.evidence).toContain('the process was restarted: judged anew since then');
  });

  it('is judged anew after a gap that is longer than the series, even a year', () => {
    const judge = new MemoryJudge();
    watch(simulate(leak, { seed: 1, durationS: 120 }), judge);
    const [sample] = simulate(flat, { seed: 2, durationS: 0 });
    const { verdict, evidence } = judge.observe({ ...sample, timeMs: 365 * 86_400_000, requests: 1e9 });
    expect(verdict).toBe('warming');
    expect(evidence.join()).toContain('nothing was heard for longer');
  });

  it('is judged as one when the clock is set back', () => {
    const samples = [...simulate(leak, { seed: 1, durationS: 120 })].map((sample) =>
      sample.timeMs < 40_000
        ? sample
        : {
            ...sample,
            timeMs: sample.timeMs - 3.6e6,
            floor: sample.floor && { ...sample.floor, timeMs: sample.floor.timeMs - 3.6e6 },
          },
    );
    expect(watch(samples).last.verdict).toBe('leak');
  });
});
