import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Judgement } from './judgement.ts';
import { MemoryJudge } from './judge.ts';
import type { MemorySample } from './sample.ts';
import { healthy, leaks, MB, nativeLeaks, seeded, simulate } from './simulate/index.ts';
import type { Draw, Program, Run } from './simulate/index.ts';

interface Watched {
  last: Judgement;
  suspiciousAtS: number | null;
  leakAtS: number | null;
  verdicts: Set<string>;
}

function watch(samples: Iterable<MemorySample>, judge: MemoryJudge = new MemoryJudge()): Watched {
  const watched: Watched = { last: judge.observe(blank()), suspiciousAtS: null, leakAtS: null, verdicts: new Set() };
  for (const sample of samples) {
    watched.last = judge.observe(sample);
    watched.verdicts.add(watched.last.verdict);
    if (watched.last.suspicious) watched.suspiciousAtS ??= sample.timeMs / 1000;
    if (watched.last.verdict === 'leak') watched.leakAtS ??= sample.timeMs / 1000;
  }
  return watched;
}

/** A sample without a time: the judge has to ignore it. */
function blank(): MemorySample {
  return {
    timeMs: Number.NaN,
    floor: null,
    heapUsedBytes: 0,
    rssBytes: 0,
    externalBytes: 0,
    arrayBuffersBytes: 0,
    requests: null,
    heapLimitBytes: 0,
    rssLimitBytes: null,
  };
}

function play(program: Program, run: Partial<Run> = {}): Watched {
  return watch(simulate(program, { seed: 1, durationS: 120, ...run }));
}

const flat: Program = { liveBytes: () => 40 * MB };
const LEAKED = 16 * 1024;
const leak: Program = { liveBytes: (_, requests) => 40 * MB + LEAKED * requests };

function shareOf(draws: Draw[], runs: number, unitS: number, judged: (watched: Watched) => boolean): number {
  let hits = 0;
  for (const draw of draws) {
    for (let seed = 1; seed <= runs; seed++) {
      const program = draw(seeded(seed * 104_729), unitS);
      const run = { seed, durationS: 120 * unitS, everyS: unitS, collectEveryS: 2 * unitS };
      if (judged(watch(simulate(program, run), new MemoryJudge({ warmupMs: 8000 * unitS })))) hits++;
    }
  }
  return hits / (draws.length * runs);
}

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

describe('a program whose memory outside the heap grows', () => {
  it('is called native', () => {
    expect(shareOf(Object.values(nativeLeaks), 6, 1, (watched) => watched.last.verdict === 'native')).toBeGreaterThan(
      0.9,
    );
  });

  it.each<[string, (grownBytes: number) => Partial<MemorySample>]>([
    ['arenas', (grown) => ({ native: { mallocBytes: 60 * MB + grown, mallocInUseBytes: 50 * MB } })],
    ['addon', (grown) => ({ native: { mallocBytes: 60 * MB + grown, mallocInUseBytes: 50 * MB + grown } })],
    ['malloc', (grown) => ({ native: { mallocBytes: 60 * MB + grown } })],
    ['mappings', (grown) => ({ native: { mallocBytes: 60 * MB, mappedBytes: 40 * MB + grown } })],
    ['fragmentation', (grown) => ({ heapTotalBytes: 60 * MB + grown })],
    ['unknown', () => ({})],
  ])('says that it is %s, as far as the samples tell', (kind, told) => {
    const perS = 1 * MB;
    const program: Program = { ...flat, nativeBytes: (ageS) => perS * ageS };
    const samples = [...simulate(program, { seed: 3, durationS: 150, rssLimitBytes: 1024 * MB })];
    const { last } = watch(samples.map((sample) => ({ ...sample, ...told(perS * sample.ageS) })));
    expect(last).toMatchObject({ verdict: 'native', nativeKind: kind });
    expect(last.evidence[0]).toMatch(/^the memory outside heap and buffers/);
    expect(last.evidence.join()).not.toMatch(/NaN|undefined/);
  });

  it('is not called native because its heap grows, shrinks, and grows again', () => {
    const program: Program = { liveBytes: (ageS) => (60 + 40 * Math.sin(ageS / 30)) * MB };
    expect(play(program, { durationS: 400 }).verdicts).not.toContain('native');
  });
});

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
