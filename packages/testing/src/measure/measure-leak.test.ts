import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import '../match/vitest.ts';
import { readFileSync } from 'node:fs';
import { assertNoLeak } from '../match/assert.ts';
import { leakMessage } from '../match/matchers.ts';
import { measureLeak } from './measure-leak.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** The test process is large: each snapshot of it takes seconds. */
const SLOW_MS = 180_000;

describe('code that keeps nothing', () => {
  test('is clean by its floors alone', async () => {
    const measured = await measureLeak((call) => JSON.parse(JSON.stringify({ call, text: 'x'.repeat(50) })) as unknown);
    expect(measured).toMatchObject({ verdict: 'clean', evidence: 'floors', overBudget: false, findings: [] });
    expect(measured.interval[1]).toBeLessThanOrEqual(4);
    expect(measured.calls).toBeGreaterThan(1000);
  });

  test('may be asynchronous, and under fake timers', async () => {
    vi.useFakeTimers();
    await expect(async () => {
      await Promise.resolve();
      return new Map([[1, new Array(100)]]);
    }).not.toLeak();
  });

  test('may remove the listeners that it adds', async () => {
    const bus = new EventEmitter();
    await expect(() => {
      const listener = (): void => undefined;
      bus.on('order', listener);
      bus.off('order', listener);
    }).not.toLeak();
  });
});

describe('code that keeps what it should drop', () => {
  const sessions = new Map<number, { user: string; cart: number[] }>();

  test(
    'is told with what holds it, in the lines of the source, and what a call leaves behind',
    async () => {
      const measured = await measureLeak((call) => {
        sessions.set(call, { user: `user ${call}`, cart: [call, call + 0.5] });
      });
      expect(measured).toMatchObject({ verdict: 'leak', evidence: 'snapshots', overBudget: true });
      const [finding] = measured.findings;
      expect(finding).toMatchObject({ verdict: 'leak', kind: 'collection', holder: { type: 'Map', name: 'sessions' } });
      expect(finding?.insertedAt?.file).toBe(import.meta.filename);
      const lines = readFileSync(import.meta.filename, 'utf8').split('\n');
      expect(lines[(finding?.insertedAt?.line ?? 0) - 1]).toContain('sessions.set(call');
      expect(measured.bytesPerCall).toBeGreaterThan(80);
      expect(measured.bytesPerCall).toBeLessThan(400);
      expect(leakMessage(measured)).toMatch(/^it leaks [\d.]+ B a call[^]*sessions \(Map\)/u);
    },
    SLOW_MS,
  );

  test('is accepted within a budget, by the floors', async () => {
    const kept: number[][] = [];
    const measured = await assertNoLeak(() => kept.push(new Array<number>(10).fill(0.5)), { budget: '1 KB' });
    expect(measured).toMatchObject({ budgetBytes: 1000, overBudget: false, evidence: 'floors' });
    expect(measured.bytesPerCall).toBeGreaterThan(80);
  });
});

test(
  'a cache with a bound is no leak',
  async () => {
    const cache = new Map<number, object>();
    const measured = await measureLeak((call) => {
      cache.set(call, { call });
      if (cache.size > 500) cache.delete(call - 500);
    });
    expect(measured.overBudget).toBe(false);
  },
  SLOW_MS,
);

describe('what cannot be measured', () => {
  test('no function', async () => {
    await expect(measureLeak(42 as never)).rejects.toMatchObject({ code: 'EBB_TEST_NO_FUNCTION' });
  });

  test('a function that throws, at whichever call, is told by its own error', async () => {
    const work = (call: number): void => {
      if (call === 300) throw new RangeError('no more');
    };
    await expect(measureLeak(work)).rejects.toThrow(RangeError);
  });

  test('a measuring that was called off', async () => {
    const signal = AbortSignal.abort();
    await expect(measureLeak(() => undefined, { signal })).rejects.toMatchObject({ code: 'EBB_TEST_ABORTED' });
  });
});
