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
      // What a person reads: bytes a call with their interval, the holder, the path to it, the line that adds, what mends it.
      const file = 'measure-leak\\.test\\.ts';
      for (const part of [
        '^it leaks [\\d.]+ B a call \\([\\d.]+ B to [\\d.]+ B, 95 %\\); \\d+ calls were made\\n',
        `\\nLEAK {3}sessions \\(Map\\) in \\S*${file}:\\d+ keeps`,
        '\\n +└─ sessions: Map ',
        `\\n +added +\\S*${file}:${finding?.insertedAt?.line ?? 0} +sessions\\.set\\(call`,
        '\\n +mend +bound it, expire it, or delete from it\\n',
        `fingerprint ${finding?.fingerprint ?? '-'}`,
      ])
        expect(leakMessage(measured)).toMatch(new RegExp(part, 'u'));
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
  'a leak that is more than its budget is told with what was accepted',
  async () => {
    const kept: object[] = [];
    const over = assertNoLeak((call) => kept.push({ call, at: [call, 0.5] }), { budget: '8 B', name: 'orders' });
    await expect(over).rejects.toThrow(/^it leaks [\d.]+ B a call .*, of 8\.0 B accepted; \d+ calls were made\n/u);
  },
  SLOW_MS,
);

test(
  'a cache that declares a bound is respected, though the test ends long before it',
  async () => {
    class Pages {
      readonly maxEntries: number = 1_000_000;
      readonly entries: Map<number, object> = new Map<number, object>();
      add(call: number): void {
        if (this.entries.size >= this.maxEntries) this.entries.clear();
        this.entries.set(call, { call });
      }
    }
    const pages = new Pages();
    const measured = await measureLeak((call) => pages.add(call));
    expect(measured).toMatchObject({ verdict: 'bounded', overBudget: false, evidence: 'snapshots' });
  },
  SLOW_MS,
);

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

  test('a call that does not come to an end, by its number, and with what to do', async () => {
    const measuring = measureLeak((call) => (call === 20 ? new Promise(() => undefined) : undefined), {
      name: 'login',
      stallLimitMs: 300,
    });
    await expect(measuring).rejects.toMatchObject({
      code: 'EBB_TEST_STALLED',
      message: expect.stringMatching(
        /^call 20 of 'login' did not end within 0\.3 s \(EBB_TEST_STALLED\)\nlook for/u,
      ) as string,
    });
  });

  test('a function that ends the process, which goes on, also where it catches what is thrown', async () => {
    const { exit } = process;
    const work = (call: number): void => {
      try {
        if (call === 20) process.exit(3);
      } catch {
        // As programs do that log what goes wrong.
      }
    };
    await expect(measureLeak(work)).rejects.toMatchObject({
      code: 'EBB_TEST_EXITED',
      message: expect.stringContaining("call 20 of 'work' called process.exit(3)") as string,
    });
    expect(process.exit).toBe(exit);
  });

  test('a measuring that was called off', async () => {
    const signal = AbortSignal.abort();
    await expect(measureLeak(() => undefined, { signal })).rejects.toMatchObject({ code: 'EBB_TEST_ABORTED' });
  });
});
