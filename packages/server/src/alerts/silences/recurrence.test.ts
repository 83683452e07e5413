import { expect, test } from 'vitest';
import { spansOf, type Schedule } from './recurrence.ts';

const hour = 3_600_000;
const schedule = (told: Partial<Schedule>): Schedule => ({
  startsLocal: '2026-10-24T02:30',
  zone: 'Europe/Berlin',
  durationMs: hour,
  rule: 'FREQ=DAILY',
  untilMs: Date.UTC(2026, 9, 27),
  ...told,
});
const starts = async (told: Partial<Schedule>): Promise<string[]> =>
  (await spansOf(schedule(told))).map(({ fromMs }) => new Date(fromMs).toISOString());

test('a window is at the same time of the clocks before and after they are set back; twice shown, it is the first', async () => {
  expect(await starts({})).toEqual([
    '2026-10-24T00:30:00.000Z',
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
});

test('a time that the clocks skip is taken an hour later', async () => {
  const until = { untilMs: Date.UTC(2026, 2, 31) };
  expect(await starts({ startsLocal: '2026-03-28T02:30', ...until })).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

test('once is once, and weekly is on its days', async () => {
  expect(await starts({ rule: null })).toEqual(['2026-10-24T00:30:00.000Z']);
  const sundays = await starts({ rule: 'FREQ=WEEKLY;BYDAY=SU', untilMs: Date.UTC(2026, 10, 15) });
  expect(sundays).toContain('2026-11-08T01:30:00.000Z');
  expect(sundays.every((time) => new Date(time).getUTCDay() === 0 || time.startsWith('2026-10-24'))).toBe(true);
});

test('the duration is by the stopwatch, also where the clocks change meanwhile', async () => {
  const [, night] = await spansOf(schedule({ durationMs: 3 * hour }));
  expect(night.toMs - night.fromMs).toBe(3 * hour);
});

test.each<[Partial<Schedule>, RegExp]>([
  [{ zone: 'Europe/Atlantis' }, /no time zone/],
  [{ zone: '+02:00' }, /no time zone/],
  [{ startsLocal: '2026-13-01T00:00' }, /the start is a time like/],
  [{ startsLocal: '2026-02-30T02:00' }, /cannot be read/],
  [{ startsLocal: 'tomorrow' }, /the start is a time like/],
  [{ rule: 'FREQ=SECONDLY' }, /FREQ=DAILY/],
  [{ rule: 'FREQ=DAILY\nEXDATE:1' }, /FREQ=DAILY/],
  [{ rule: 'FREQ=DAILY;NONSENSE=1' }, /cannot be read|no time|FREQ/],
  [{ rule: 'FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12', untilMs: Date.UTC(2027, 9, 1) }, /more than 1100 times/],
  [{ untilMs: Date.UTC(2026, 1, 1) }, /no time before its end/],
])('%j makes no sense, and is told', async (told, said) => {
  await expect(spansOf(schedule(told))).rejects.toThrow(said);
});
