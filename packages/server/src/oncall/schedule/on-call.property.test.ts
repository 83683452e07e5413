// Ten years, every zone: who is on call, minute by minute, as a plain count by Intl's clocks says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anySchedule, naiveShifts, NaiveClock } from '../../fixtures/naive-schedule.ts';
import { onCallAt, shifts } from './on-call.ts';
import type { Schedule } from './schedule.ts';
import { ZoneClock } from './zone-clock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const fromMs = Date.UTC(2024, 0, 1);
const toMs = Date.UTC(2034, 0, 1);
const zones = Intl.supportedValuesOf('timeZone');

/** Times worth a look: changes of the clocks, handovers, hours, overrides; and any. */
function timesOf(schedule: Schedule, changes: readonly number[], pick: readonly number[]): number[] {
  const [change, handover, hour, any] = pick as [number, number, number, number];
  const [layer] = schedule.layers as [Schedule['layers'][number]];
  const times = [fromMs + any * minuteMs, ...schedule.overrides.flatMap((one) => [one.fromMs, one.toMs])];
  const handovers = Math.floor((toMs - layer.startsLocalMs) / layer.everyLocalMs);
  times.push(
    layer.startsLocalMs +
      (handover % Math.max(1, handovers)) * layer.everyLocalMs -
      schedule.clock.localAt(fromMs) +
      fromMs,
  );
  const changeAt = changes[change % Math.max(1, changes.length)];
  if (changeAt !== undefined) times.push(changeAt, changeAt + ((hour % 60) - 30) * hourMs);
  return times.map((timeMs) => Math.floor(timeMs / minuteMs) * minuteMs);
}

test('at every minute exactly the right people are on call, and no gap is left out', { timeout: 120_000 }, () => {
  const pick = fc.array(fc.nat({ max: 5_000_000 }), { minLength: 4, maxLength: 4 });
  for (const zone of zones) {
    const clock = new NaiveClock(zone);
    const changes = clock.changes(fromMs, toMs);
    const own = new ZoneClock(zone);
    expect(own.changes(fromMs, toMs).map(({ atMs }) => atMs)).toEqual(changes);
    fc.assert(
      fc.property(anySchedule(own, fromMs), pick, (schedule, picked) => {
        for (const timeMs of timesOf(schedule, changes, picked)) {
          const [windowFromMs, windowToMs] = [timeMs - 70 * minuteMs, timeMs + 70 * minuteMs];
          const expected = naiveShifts(schedule, clock, windowFromMs, windowToMs);
          expect(shifts(schedule, windowFromMs, windowToMs)).toEqual(expected);
          for (const shift of expected)
            for (const at of [shift.fromMs, shift.toMs - minuteMs])
              expect(onCallAt(schedule, at)).toEqual(shift.people);
        }
      }),
      { numRuns: 1 },
    );
  }
});

test('a year of a schedule has no hole and no overlap: each shift begins where the one before ended', () => {
  fc.assert(
    fc.property(
      fc
        .constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kathmandu')
        .chain((zone) => anySchedule(new ZoneClock(zone), fromMs)),
      (schedule) => {
        const found = shifts(schedule, fromMs, fromMs + 365 * dayMs);
        expect(found[0]?.fromMs).toBe(fromMs);
        expect(found.at(-1)?.toMs).toBe(fromMs + 365 * dayMs);
        for (const [i, shift] of found.entries()) {
          expect(shift.toMs).toBeGreaterThan(shift.fromMs);
          if (i > 0) expect(shift.fromMs).toBe(found[i - 1]?.toMs);
        }
      },
    ),
    { numRuns: 10 },
  );
});
