import { describe, expect, test } from 'vitest';
import { proofOf, type ActionProof, type DoneAction } from './action-proof.ts';
import type { Life } from './life.ts';
import type { ServedMinute } from './recovery.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 21, 6);
/** The action begins and ends then. */
const actMs = startMs + 360 * minuteMs;
const mb = 1e6;

/** A process that tells each minute: it fills up for ten minutes, and then grows by so much an hour. */
function life(told: {
  process: string;
  from: number;
  to: number;
  mbPerHour: (minute: number) => number;
  leaks?: number;
}): Life {
  let bytes = 100 * mb;
  const points = Array.from({ length: told.to - told.from + 1 }, (_, minute) => {
    bytes += (told.mbPerHour(told.from + minute) * mb) / 60 + (minute < 10 ? 2 * mb : 0);
    // Floors are never quite the same.
    const noise = Math.sin(minute * 12.9898) * 0.4 * mb;
    return { timeMs: startMs + (told.from + minute) * minuteMs, bytes: bytes + noise, requests: minute * 600 };
  });
  return {
    ...{ process: told.process, version: '1.0', revision: null, points, limitBytes: 1000 * mb },
    startMs: startMs + told.from * minuteMs,
    endMs: startMs + told.to * minuteMs,
    leakedAtMs: told.leaks === undefined ? null : startMs + (told.from + told.leaks) * minuteMs,
  };
}

const shed: DoneAction = {
  ...{ name: 'shed of POST /login', replaces: false, startedMs: actMs, endedMs: actMs },
  ...{ instances: [], secondsToLimit: null, untilMs: Infinity },
};
const restart: DoneAction = {
  ...{ ...shed, name: 'restart of 2', replaces: true, endedMs: actMs + minuteMs },
  ...{ instances: ['a', 'b'], secondsToLimit: 5400 },
};

/** What is told so many minutes after the action, when processes grow by 60 MB an hour before it, and then by so much. */
function after(
  minutes: number,
  action: DoneAction,
  mbPerHour: number,
  more: Partial<Parameters<typeof proofOf>[1]> = {},
): ActionProof {
  const pace = (minute: number): number => (minute < 360 ? 60 : mbPerHour);
  const to = 360 + minutes;
  const lives = ['a', 'b'].flatMap((process, nth) =>
    action.replaces
      ? [
          life({ process, from: nth, to: 360, mbPerHour: pace, leaks: 60 }),
          ...(minutes > 1 ? [life({ process: `${process}2`, from: 361, to, mbPerHour: pace })] : []),
        ]
      : [life({ process, from: nth, to, mbPerHour: pace, leaks: 60 })],
  );
  const served = { minutes: [], usualBadShare: 0.001 };
  return proofOf(action, { lives, served, nowMs: actMs + minutes * minuteMs, ...more });
}

describe('a route that is shed, or a flag that is off', () => {
  test('says at once by when it is known whether it helped, and does not decide before', () => {
    expect(after(5, shed, 0)).toMatchObject({
      ...{ result: 'not yet', byMs: actMs + 60 * minuteMs, won: null, requestsAreBack: null },
      sentence: 'whether the shed of POST /login helped is not known yet, by 13:00 UTC at the latest',
    });
  });

  test('is proven when the slope is gone, with the interval, before the time that was said', () => {
    const { result, sentence, before, after: now, suggestsResolving } = after(45, shed, 0);
    expect(result).toBe('proven');
    expect(suggestsResolving).toBe(true);
    // In numbers, too: an interval that holds 60 MB before, and one that holds nothing after.
    expect(Math.abs((before?.value ?? 0) / mb - 60)).toBeLessThan(2);
    expect((before?.low ?? 0) / mb).toBeGreaterThan(50);
    expect(now?.low).toBeLessThan(0);
    expect(now?.high).toBeGreaterThan(0);
    expect(sentence).toMatch(
      /^the shed of POST \/login helped: memory grows .* an hour \(.* to .*\), against (59|60|61)(\.\d)? MB an hour \(.* to .*\) before$/,
    );
  });

  test('is refuted when memory grows on', () => {
    expect(after(45, shed, 60)).toMatchObject({
      result: 'refuted',
      sentence: expect.stringMatching(
        /^the shed of POST \/login did not help: memory still grows (59|60|61)/,
      ) as unknown,
    });
  });

  test('what another action did later is not told as its own', () => {
    const untilMs = actMs + 4 * minuteMs;
    expect(after(90, { ...shed, untilMs }, 0)).toMatchObject({
      result: 'not yet',
      sentence: expect.stringContaining('could not be told by 13:00 UTC: too little was seen since') as unknown,
    });
  });

  test('tells whether requests are answered as usual, with an interval', () => {
    const minutes = (good: number): { minutes: ServedMinute[]; usualBadShare: number } => ({
      minutes: [
        // Before it, all failed.
        { timeMs: actMs - minuteMs, requests: 9000, good: 0 },
        { timeMs: actMs + minuteMs, requests: 5000, good },
      ],
      usualBadShare: 0.001,
    });
    expect(after(45, shed, 0, { served: minutes(4995) })).toMatchObject({ result: 'proven', requestsAreBack: true });
    const bad = after(45, shed, 0, { served: minutes(4500) });
    expect(bad).toMatchObject({ result: 'proven', requestsAreBack: false, suggestsResolving: false });
    expect(bad.sentence).toMatch(/; requests are not back: 10 % slow or failed \(9\.2 % to 11 %\)$/);
  });
});

describe('a restart', () => {
  test('gives back memory and wins time until the limit with the old slope; it is not told to mend anything', () => {
    const { result, won, sentence } = after(12, restart, 60);
    expect(result).toBe('not yet');
    // Six hours at 60 MB, and the start-up that both have: the young ones are 11 minutes old.
    expect((won?.bytes ?? 0) / mb).toBeGreaterThan(2 * 340);
    expect((won?.bytes ?? 0) / mb).toBeLessThan(2 * 360);
    const { value = 0, low = 0, high = 0 } = won?.secondsToLimit ?? {};
    // 1000 MB, of which the start-up and 11 minutes are gone, at 60 MB an hour.
    expect(value / 3600).toBeGreaterThan(14);
    expect(value / 3600).toBeLessThan(15);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(sentence).toMatch(
      /^the restart of 2 gave back (69|7\d)\d MB; with the slope of before, \S+ MB an hour \(.*\), the limit is 1\d hours away \(.*\), 2 hours when it was ordered; it mends no slope, and whether that is back is known by 13:01 UTC at the latest$/,
    );
  });

  test('has mended nothing where the slope is there again, and says so', () => {
    const { result, sentence, suggestsResolving } = after(60, restart, 60);
    expect(result).toBe('refuted');
    expect(suggestsResolving).toBe(false);
    expect(sentence).toMatch(/^the restart of 2 has won time and mended nothing: memory still grows .* before$/);
  });

  test('after which nothing grows is told as what it is: the slope is gone, and the restart does not explain it', () => {
    const { result, sentence } = after(60, restart, 0);
    expect(result).toBe('proven');
    expect(sentence).toContain('the slope is gone, which no restart explains');
  });

  test('while its new processes have not told anything, nothing is said to be won', () => {
    expect(after(1, restart, 60)).toMatchObject({ result: 'not yet', won: null });
  });
});

test('where nothing was called a leak there is nothing to hold against, and that is said', () => {
  const lives = [life({ process: 'a', from: 0, to: 400, mbPerHour: () => 0 })];
  const served = { minutes: [], usualBadShare: null };
  expect(proofOf(shed, { lives, served, nowMs: actMs + 40 * minuteMs })).toMatchObject({
    result: 'nothing grew',
    sentence:
      'no process was called a leak before the shed of POST /login: there is no slope to hold what follows against',
  });
});
