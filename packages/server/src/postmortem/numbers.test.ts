import { expect, test } from 'vitest';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import { timesOf, type TimedEvent } from './incident-times.ts';
import { numberLines, numbersOf, type CountedIncident } from './numbers.ts';

const minuteMs = 60_000;
const event = (minutes: number, kind: IncidentEventKind, actor: string | null = null): TimedEvent => ({
  timeMs: minutes * minuteMs,
  kind,
  actor,
});

const counted = (told: Partial<CountedIncident>, events: TimedEvent[], resolvedMs: number | null): CountedIncident => ({
  ...{ service: 'web', team: 'platform', fingerprints: [], repeats: [], ledToNothing: false },
  times: timesOf({ openedMs: 10 * minuteMs, resolvedMs, events, hypotheses: [], impact: null }),
  ...told,
});

test('times are read from the timeline, and what is not known is null', () => {
  const events = [
    event(4, 'growth'),
    event(12, 'notified'),
    event(15, 'acknowledged', 'ada'),
    event(40, 'calm'),
    event(60, 'action-item', 'eve'),
  ];
  const hypotheses = [{ state: 'exonerated' as const, since_ms: 16 * minuteMs, decided_ms: 20 * minuteMs }];
  const told = { openedMs: 10 * minuteMs, resolvedMs: 55 * minuteMs, events };
  expect(timesOf({ ...told, hypotheses, impact: { fromMs: 3 * minuteMs, toMs: 38 * minuteMs } })).toEqual({
    startedMs: 3 * minuteMs,
    detectedMs: 10 * minuteMs,
    toldMs: 12 * minuteMs,
    acknowledgedMs: 15 * minuteMs,
    mitigatedMs: 38 * minuteMs,
    resolvedMs: 55 * minuteMs,
    wrongHypothesisMs: 4 * minuteMs,
  });
  expect(timesOf({ openedMs: 7, resolvedMs: null, events: [], hypotheses: [], impact: null })).toEqual({
    ...{ startedMs: null, detectedMs: 7, toldMs: null, acknowledgedMs: null, mitigatedMs: null, resolvedMs: null },
    wrongHypothesisMs: null,
  });
});

test('who acknowledges when it is over, or writes a note then, has not acknowledged it', () => {
  const events = [event(56, 'acknowledged'), event(57, 'note', 'ada')];
  const told = { openedMs: 10 * minuteMs, hypotheses: [], impact: null, events };
  expect(timesOf({ ...told, resolvedMs: 55 * minuteMs }).acknowledgedMs).toBeNull();
  expect(timesOf({ ...told, resolvedMs: null }).acknowledgedMs).toBe(56 * minuteMs);
});

test('numbers say in how many incidents a thing is known', () => {
  const one = counted(
    { repeats: ['f'], fingerprints: ['f', 'g'] },
    [event(4, 'growth'), event(20, 'note', 'ada'), event(40, 'calm')],
    55 * minuteMs,
  );
  const other = counted({ service: 'cart', team: null, ledToNothing: true }, [], 12 * minuteMs);
  const numbers = numbersOf([one, other]);
  expect(numbers.services).toMatchObject({
    cart: { incidents: 1, ledToNothing: 1 },
    web: { incidents: 1, repeats: 1 },
  });
  expect(numbers.repeatedLeaks).toEqual([{ fingerprint: 'f', incidents: 1, services: ['web'] }]);
  expect(numberLines(numbers)[7]).toBe('  came back: f, in 1 of them (web)');
  expect(Object.keys(numbers.teams)).toEqual(['platform']);
  expect(numberLines(numbers).slice(0, 7)).toEqual([
    '2 incidents',
    '  time to detect: median 6 minutes, longest 6 minutes (known in 1 of 2)',
    '  time to acknowledge: median 10 minutes, longest 10 minutes (known in 1 of 2)',
    '  time to mitigate: median 30 minutes, longest 30 minutes (known in 1 of 2)',
    '  time to resolve: median 24 minutes, longest 45 minutes',
    '  time on the wrong hypothesis: not known in any',
    '  the same leak again: 1; alerts that led to nothing: 1',
  ]);
  expect(numberLines(numbersOf([]))[0]).toBe('0 incidents');
});
