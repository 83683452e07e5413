import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { blank, leak } from './fixtures/watched.ts';
import { MemoryJudge } from './judge.ts';
import { MB, simulate } from './simulate/index.ts';

describe('a judge', () => {
  it('says that it knows nothing before it has seen anything', () => {
    expect(new MemoryJudge().observe(blank())).toMatchObject({
      verdict: 'warming',
      suspicious: false,
      trend: { bytesPerSecond: 0, secondsToLimit: null, limitBytes: 0 },
      evidence: ['no samples yet'],
    });
  });

  it('has told a leak whether or not anybody asked at the time', () => {
    const hours = (level: (hour: number) => number): MemoryJudge => {
      const judge = new MemoryJudge({ warmupMs: 600_000 });
      for (let minute = 0; minute < 20 * 60; minute++) {
        const heapBytes = level(minute / 60);
        const floor = { timeMs: minute * 60_000, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 };
        judge.update({
          ...blank(),
          timeMs: minute * 60_000,
          floor,
          heapUsedBytes: heapBytes,
          heapLimitBytes: 800 * MB,
        });
      }
      return judge;
    };
    // Growth of fourteen hours that has only just become uneven: it was told before, and stands.
    const level = (hour: number): number =>
      (200 + 10 * Math.min(hour, 14) + (hour > 14 ? 4 * Math.sin(9 * hour) : 0)) * MB;
    expect(hours(level).judgement.verdict).toBe('leak');
  });

  it('holds no more than 8 KB of numbers, however long the series', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // V8 gives back the buffers of dead arrays some time after the collection, in another thread.
    const heldBytes = async (): Promise<number> => {
      let least = Infinity;
      for (let round = 0; round < 8; round++) {
        collect();
        await sleep(10);
        least = Math.min(least, process.memoryUsage().arrayBuffers);
      }
      return least;
    };
    const samples = [...simulate(leak, { seed: 1, durationS: 300 })];
    const before = await heldBytes();
    const judges = Array.from({ length: 40 }, () => {
      const judge = new MemoryJudge();
      for (const sample of samples) judge.observe(sample);
      return judge;
    });
    const bytes = ((await heldBytes()) - before) / judges.length;
    expect(bytes).toBeLessThanOrEqual(8 * 1024);
    expect(bytes).toBeGreaterThan(1024);
  });
});
