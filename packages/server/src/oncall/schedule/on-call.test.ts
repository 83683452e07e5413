import { expect, test } from 'vitest';
import { onCallAt, shifts } from './on-call.ts';
import { gaps, warnings } from './look-ahead.ts';
import type { Layer, Schedule } from './schedule.ts';
import { localText, parseLocal, ZoneClock } from './zone-clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const local = (text: string): number => parseLocal(text) ?? NaN;
const layer = (told: Partial<Layer>): Layer => ({
  turns: [['ada'], ['grace']],
  startsLocalMs: local('2026-01-05T09:00'),
  everyLocalMs: 7 * dayMs,
  untilLocalMs: null,
  hours: [],
  ...told,
});
const schedule = (zone: string, layers: Layer[], overrides: Schedule['overrides'] = []): Schedule => ({
  name: 'web',
  clock: new ZoneClock(zone),
  layers,
  overrides,
});
/** Shifts as lines, by the clocks of the zone. */
const told = (one: Schedule, from: string, to: string): string[] =>
  shifts(one, one.clock.firstAt(local(from)), one.clock.firstAt(local(to))).map(
    ({ fromMs, people }) => `${localText(one.clock.localAt(fromMs))} ${people.join(' and ') || 'nobody'}`,
  );

test('a week is handed over at the same time of day before and after the clocks are changed', () => {
  const web = schedule('Europe/Berlin', [layer({})]);
  expect(told(web, '2026-03-16T09:00', '2026-04-13T09:00')).toEqual([
    '2026-03-16T09:00 ada',
    '2026-03-23T09:00 grace',
    '2026-03-30T09:00 ada',
    '2026-04-06T09:00 grace',
  ]);
  const [, change] = shifts(web, Date.UTC(2026, 2, 20), Date.UTC(2026, 3, 1));
  // An hour less, for the clocks were set forward.
  expect(((change?.toMs ?? 0) - (change?.fromMs ?? 0)) / hourMs).toBe(7 * 24 - 1);
});

test('a handover in an hour that is skipped happens when the clocks jump; one in a doubled hour the first time', () => {
  const web = schedule('Europe/Berlin', [layer({ startsLocalMs: local('2026-01-05T02:30'), everyLocalMs: dayMs })]);
  expect(told(web, '2026-03-28T12:00', '2026-03-30T12:00')).toEqual([
    '2026-03-28T12:00 ada',
    '2026-03-29T03:00 grace',
    '2026-03-30T02:30 ada',
  ]);
  const found = shifts(web, Date.UTC(2026, 9, 24, 12), Date.UTC(2026, 9, 25, 12));
  expect(found.map(({ fromMs }) => new Date(fromMs).toISOString())).toEqual([
    '2026-10-24T12:00:00.000Z',
    '2026-10-25T00:30:00.000Z',
  ]);
  expect(warnings(web, Date.UTC(2026, 0, 6), Date.UTC(2027, 0, 1))).toEqual([
    {
      kind: 'skipped',
      atMs: Date.UTC(2026, 2, 29, 1),
      text: 'the clocks skip 2026-03-29 02:30: what is then happens when they jump, 2026-03-29 03:00 (2026-03-29 01:00 UTC)',
    },
    {
      kind: 'doubled',
      atMs: Date.UTC(2026, 9, 25, 0, 30),
      text: 'the clocks show 2026-10-25 02:30 twice: a handover happens the first time, 2026-10-25 02:30 (2026-10-25 00:30 UTC)',
    },
  ]);
});

test('of turns by the hour, one that the clocks skip is left out, and one that they show twice is twice as long', () => {
  const web = schedule('Europe/Berlin', [
    layer({ turns: [['a'], ['b'], ['c'], ['d']], startsLocalMs: local('2026-03-28T00:00'), everyLocalMs: hourMs }),
  ]);
  expect(told(web, '2026-03-29T00:00', '2026-03-29T05:00')).toEqual([
    '2026-03-29T00:00 a',
    '2026-03-29T01:00 b',
    '2026-03-29T03:00 d',
    '2026-03-29T04:00 a',
  ]);
  const doubled = shifts(web, Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 3));
  expect(doubled.map(({ fromMs, toMs, people }) => [people[0], (toMs - fromMs) / hourMs])).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 2],
    ['d', 1],
  ]);
});

test('a zone that leaves out a whole day goes on with whoever has the next one', () => {
  const samoa = schedule('Pacific/Apia', [
    layer({ turns: [['a'], ['b'], ['c']], startsLocalMs: local('2011-12-28T00:00'), everyLocalMs: dayMs }),
  ]);
  expect(told(samoa, '2011-12-28T00:00', '2012-01-02T00:00')).toEqual([
    '2011-12-28T00:00 a',
    '2011-12-29T00:00 b',
    '2011-12-31T00:00 a',
    '2012-01-01T00:00 b',
  ]);
});

test('hours of the week leave gaps, which are told; the layer below fills them, and the one above wins', () => {
  const days = { days: [0, 1, 2, 3, 4], fromMinute: 540, toMinute: 1020 };
  const office = layer({ turns: [['ada']], hours: [days] });
  const web = schedule('Africa/Nairobi', [office]);
  expect(told(web, '2026-11-20T12:00', '2026-11-24T00:00')).toEqual([
    '2026-11-20T12:00 ada',
    '2026-11-20T17:00 nobody',
    '2026-11-23T09:00 ada',
    '2026-11-23T17:00 nobody',
  ]);
  const span = [web.clock.firstAt(local('2026-11-20T12:00')), web.clock.firstAt(local('2026-11-24T00:00'))] as const;
  expect(gaps(web, ...span)).toHaveLength(2);
  expect(warnings(web, ...span).map(({ text }) => text)).toEqual([
    'nobody is on call from 2026-11-20 17:00 (2026-11-20 14:00 UTC) to 2026-11-23 09:00 (2026-11-23 06:00 UTC)',
    'nobody is on call from 2026-11-23 17:00 (2026-11-23 14:00 UTC) on',
  ]);
  const both = schedule('Africa/Nairobi', [layer({ turns: [['grace']] }), office]);
  expect(told(both, '2026-11-20T12:00', '2026-11-23T12:00')).toEqual([
    '2026-11-20T12:00 ada',
    '2026-11-20T17:00 grace',
    '2026-11-23T09:00 ada',
  ]);
});

test('hours that go past midnight belong to the day on which they begin', () => {
  const nights = layer({ turns: [['ada']], hours: [{ days: [4], fromMinute: 1320, toMinute: 360 }] });
  const web = schedule('UTC', [nights]);
  expect(told(web, '2026-11-20T12:00', '2026-11-22T12:00')).toEqual([
    '2026-11-20T12:00 nobody',
    '2026-11-20T22:00 ada',
    '2026-11-21T06:00 nobody',
  ]);
});

test('an override counts before all layers, the last one before all others, and nobody is on call before the start', () => {
  const at = (text: string): number => Date.parse(`${text}Z`);
  const web = schedule(
    'UTC',
    [layer({ untilLocalMs: local('2026-02-01T00:00') })],
    [
      { people: ['linus'], fromMs: at('2026-01-06T00:00'), toMs: at('2026-01-08T00:00') },
      { people: ['barbara', 'ada'], fromMs: at('2026-01-07T00:00'), toMs: at('2026-01-07T12:00') },
    ],
  );
  expect(told(web, '2026-01-05T00:00', '2026-01-09T00:00')).toEqual([
    '2026-01-05T00:00 nobody',
    '2026-01-05T09:00 ada',
    '2026-01-06T00:00 linus',
    '2026-01-07T00:00 barbara and ada',
    '2026-01-07T12:00 linus',
    '2026-01-08T00:00 ada',
  ]);
  expect(onCallAt(web, at('2026-02-01T00:00'))).toEqual([]);
});

test('a zone that does not exist is no zone, and February 30 no day', () => {
  expect(() => new ZoneClock('Mars/Olympus')).toThrow(RangeError);
  expect([parseLocal('2026-02-30T00:00'), parseLocal('2026-13-01T00:00'), parseLocal('now')]).toEqual([
    null,
    null,
    null,
  ]);
});
