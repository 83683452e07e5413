import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryJudge } from './judge.ts';
import type { Judgement } from './judgement.ts';
import type { MemorySample } from './sample.ts';
import { leaks, nativeLeaks, seeded, simulate } from './simulate/index.ts';

const anyNumber = fc.oneof(
  fc.double(),
  fc.integer({ min: -10, max: 1e9 }),
  fc.constantFrom(0, -1, Number.NaN, Infinity, -Infinity, 1.8e19, Number.MAX_VALUE, undefined as unknown as number),
);
const time = fc.oneof(anyNumber, fc.integer({ min: 0, max: 600_000 }));
const anySample = fc.record({
  timeMs: time,
  floor: fc.option(
    fc.record({ timeMs: time, heapBytes: anyNumber, externalBytes: anyNumber, arrayBuffersBytes: anyNumber }),
  ),
  heapUsedBytes: anyNumber,
  rssBytes: anyNumber,
  externalBytes: anyNumber,
  arrayBuffersBytes: anyNumber,
  requests: fc.option(anyNumber),
  heapLimitBytes: anyNumber,
  rssLimitBytes: fc.option(anyNumber),
  heapTotalBytes: fc.option(anyNumber),
  native: fc.option(
    fc.record({
      mallocBytes: fc.option(anyNumber),
      mallocInUseBytes: fc.option(anyNumber),
      mappedBytes: fc.option(anyNumber),
    }),
  ),
}) as fc.Arbitrary<MemorySample>;

function expectSound(judgement: Judgement): void {
  const { verdict, suspicious, trend, evidence, settlesAtBytes, nativeKind, wouldChange } = judgement;
  expect(nativeKind === null).toBe(verdict !== 'native');
  expect(['clean', 'warming', 'bounded', 'leak', 'native']).toContain(verdict);
  expect(typeof suspicious).toBe('boolean');
  expect(Number.isFinite(trend.bytesPerSecond)).toBe(true);
  expect(trend.interval[0]).toBeLessThanOrEqual(trend.bytesPerSecond);
  expect(trend.interval[1]).toBeGreaterThanOrEqual(trend.bytesPerSecond);
  expect(trend.limitBytes).toBeGreaterThanOrEqual(0);
  if (trend.bytesPerRequestInterval) {
    expect(trend.bytesPerRequestInterval[0]).toBeLessThanOrEqual(trend.bytesPerRequest!);
    expect(trend.bytesPerRequestInterval[1]).toBeGreaterThanOrEqual(trend.bytesPerRequest!);
  }
  if (trend.secondsToLimit !== null) {
    expect(trend.secondsToLimit).toBeGreaterThanOrEqual(0);
    expect(trend.secondsToLimitInterval![0]).toBeLessThanOrEqual(trend.secondsToLimit);
    expect(trend.secondsToLimitInterval![1]).toBeGreaterThanOrEqual(trend.secondsToLimit);
  }
  const quantiles = trend.secondsToLimitQuantiles;
  expect(quantiles === null).toBe(trend.secondsToLimit === null);
  if (quantiles) {
    expect(quantiles.p10).toBeLessThanOrEqual(quantiles.p50);
    expect(quantiles.p50).toBeLessThanOrEqual(quantiles.p90);
  }
  expect(settlesAtBytes === null || Number.isFinite(settlesAtBytes)).toBe(true);
  expect(wouldChange).not.toMatch(/NaN|undefined|Infinity|^$/);
  expect(evidence.length).toBeGreaterThan(0);
  expect(evidence.join()).not.toMatch(/NaN|undefined|Infinity/);
}

/** A series that could come from a process: rising times, any levels. */
const series = fc.array(
  fc.record({ stepMs: fc.integer({ min: 1, max: 5000 }), bytes: fc.integer({ min: 0, max: 2e9 }) }),
  { minLength: 1, maxLength: 150 },
);

function samplesOf(steps: { stepMs: number; bytes: number }[], originMs: number): MemorySample[] {
  let timeMs = originMs;
  return steps.map(({ stepMs, bytes }) => {
    timeMs += stepMs;
    return {
      timeMs,
      floor: { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: bytes + 1e6,
      rssBytes: bytes + 5e7,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests: null,
      heapLimitBytes: 1e9,
      rssLimitBytes: null,
    };
  });
}

const judgeAll = (samples: MemorySample[]): Judgement[] => {
  const judge = new MemoryJudge();
  return samples.map((sample) => judge.observe(sample));
};

it('never throws and always answers soundly, whatever it is fed', () => {
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 80 }), (samples) => judgeAll(samples).forEach(expectSound)),
    { numRuns: 300 },
  );
});

it('answers soundly on any series of levels, also above the limit', () => {
  fc.assert(fc.property(series, (steps) => judgeAll(samplesOf(steps, 0)).forEach(expectSound)));
});

it('is not moved by duplicates and by samples that come late', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 0, max: 149 }), (steps, pick) => {
      const samples = samplesOf(steps, 1e6);
      const at = pick % samples.length;
      const doubled = [...samples.slice(0, at + 1), samples[at], samples[Math.floor(at / 2)], ...samples.slice(at + 1)];
      expect(judgeAll(doubled).at(-1)).toEqual(judgeAll(samples).at(-1));
    }),
  );
});

it('does not care when the clock began', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 0, max: 2e12 }), (steps, originMs) => {
      const verdicts = (origin: number): string[] => judgeAll(samplesOf(steps, origin)).map(({ verdict }) => verdict);
      expect(verdicts(originMs)).toEqual(verdicts(0));
    }),
  );
});

it('never calls a constant anything but clean, or too young', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2e9 }), fc.integer({ min: 1, max: 200 }), (bytes, count) => {
      const steps = Array.from({ length: count }, () => ({ stepMs: 1000, bytes }));
      for (const { verdict, suspicious } of judgeAll(samplesOf(steps, 0))) {
        expect(['clean', 'warming']).toContain(verdict);
        expect(suspicious).toBe(false);
      }
    }),
  );
});

it('never calls a series that only falls growing', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 5, maxLength: 150 }), (drops) => {
      let bytes = 1.9e9;
      const steps = drops.map((drop) => ({ stepMs: 1000, bytes: (bytes = Math.max(0, bytes - drop)) }));
      for (const { verdict, suspicious } of judgeAll(samplesOf(steps, 0))) {
        expect(['clean', 'warming']).toContain(verdict);
        expect(suspicious).toBe(false);
      }
    }),
  );
});

it('finds a leak although a tenth of its samples are lost and a tenth spoilt', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const random = seeded(seed);
      const program = leaks['1 MB a unit'](random, 1);
      const samples = [...simulate(program, { seed, durationS: 120 })].filter(() => random.next() > 0.1);
      const spoilt = samples.map((sample) =>
        random.next() < 0.1 ? { ...sample, heapUsedBytes: Number.NaN, floor: null } : sample,
      );
      expect(judgeAll(spoilt).some(({ verdict }) => verdict === 'leak')).toBe(true);
    }),
    { numRuns: 15, seed: 1 },
  );
});

it('goes on with the same verdicts where it was saved, whatever it was fed', () => {
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 60 }), series, fc.nat(), (wild, steps, pick) => {
      const samples = [...wild, ...samplesOf(steps, 1e6)];
      const cut = pick % (samples.length + 1);
      const judge = new MemoryJudge();
      for (const sample of samples.slice(0, cut)) judge.update(sample);
      const saved = judge.save();
      expect(saved.byteLength).toBeLessThanOrEqual(8192);
      const restored = MemoryJudge.restore(saved);
      for (const sample of samples.slice(cut)) expect(restored?.observe(sample)).toEqual(judge.observe(sample));
      expect(restored?.judgement).toEqual(judge.judgement);
    }),
  );
});

it('does not care how often it is asked', () => {
  fc.assert(
    fc.property(series, (steps) => {
      const samples = samplesOf(steps, 1e6);
      const judge = new MemoryJudge();
      for (const sample of samples) judge.update(sample);
      expect(judge.judgement).toEqual(judgeAll(samples).at(-1));
    }),
  );
});

it('has said the same of a leak at the same time, however often it was asked', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys({ ...leaks, ...nativeLeaks })),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 2, max: 60 }),
      (name, seed, askedEvery) => {
        const draw = { ...leaks, ...nativeLeaks }[name];
        const samples = [...simulate(draw(seeded(seed), 1), { seed, durationS: 200 })];
        const all = judgeAll(samples);
        const judge = new MemoryJudge();
        for (const [nth, sample] of samples.entries()) {
          judge.update(sample);
          if (nth % askedEvery === 0) expect(judge.judgement).toEqual(all[nth]);
        }
      },
    ),
    { numRuns: 20 },
  );
});

it('judges a series after a gap of a year as it judges a new one', () => {
  fc.assert(
    fc.property(series, series, (before, after) => {
      const yearMs = 365 * 86_400_000;
      const fresh = judgeAll(samplesOf(after, 1e6));
      const judge = new MemoryJudge();
      for (const sample of samplesOf(before, 1e6)) judge.update(sample);
      const told = samplesOf(after, 1e6 + yearMs).map((sample) => judge.observe(sample));
      expect(told.map(({ verdict, suspicious, trend }) => ({ verdict, suspicious, trend }))).toEqual(
        fresh.map(({ verdict, suspicious, trend }) => ({ verdict, suspicious, trend })),
      );
    }),
  );
});

it('says of a series beyond its limit that no time is left, or that it does not grow', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 1, max: 1e6 }), (steps, limitBytes) => {
      const samples = samplesOf(
        steps.map(({ stepMs, bytes }) => ({ stepMs, bytes: bytes + 2e6 })),
        1e6,
      ).map((sample) => ({ ...sample, heapLimitBytes: limitBytes }));
      for (const { trend } of judgeAll(samples)) expect([null, 0]).toContain(trend.secondsToLimit);
    }),
  );
});

it('restores nothing from bytes that are no state, or of another warm-up', () => {
  const saved = new MemoryJudge().save();
  expect(MemoryJudge.restore(saved.subarray(8))).toBeNull();
  expect(MemoryJudge.restore(new Uint8Array(saved.length))).toBeNull();
  expect(MemoryJudge.restore(saved, { warmupMs: 600_000 })).toBeNull();
  expect(MemoryJudge.restore(saved)?.judgement.evidence).toEqual(['no samples yet']);
  // A Buffer is a view of something larger, and its slice() no copy.
  expect(MemoryJudge.restore(Buffer.concat([new Uint8Array(8), saved]).subarray(8))).not.toBeNull();
});
