/** A schedule from YAML. */
import type { Value } from '../../alerts/rules/yaml-file.ts';
import { isZone } from '../../alerts/silences/recurrence.ts';
import { warnings } from '../schedule/look-ahead.ts';
import type { Layer, Schedule, ScheduleOverride, WeekHours } from '../schedule/schedule.ts';
import { parseLocal, ZoneClock } from '../schedule/zone-clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** So far ahead a schedule is looked at for gaps and changes of the clocks. */
const aheadMs = 366 * dayMs;
const mostWarnings = 3;
const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** What reading a schedule needs. */
export interface ScheduleContext {
  /** Reads the name of somebody. */
  person: (value: Value) => string | null;
  nowMs: number;
}

/** Reads a zone's name. */
export function readZone(value: Value): string | null {
  const zone = value.text(60);
  if (zone === null || isZone(zone)) return zone;
  return value.wrong(`there is no time zone '${zone}': it is a name like Europe/Berlin or Africa/Nairobi`);
}

/** Reads a schedule, and notes what there is to be warned of in the year ahead. */
export function readSchedule(name: string, value: Value, context: ScheduleContext): Schedule | null {
  const fields = value.fields(['zone', 'layers', 'overrides']);
  const zone = fields.need('zone', readZone);
  const clock = new ZoneClock(zone ?? 'UTC');
  const layers = fields.need('layers', (found) => found.listOf((entry) => readLayer(entry, context))) ?? [];
  const overrides = fields.take('overrides', (found) => {
    return found.listOf((entry) => readOverride(entry, clock, context));
  });
  if (zone === undefined || layers.length === 0) return null;
  const schedule: Schedule = { name, clock, layers, overrides: overrides ?? [] };
  const found = warnings(schedule, context.nowMs, context.nowMs + aheadMs);
  for (const { text } of found.slice(0, mostWarnings)) value.warn(text);
  if (found.length > mostWarnings) value.warn(`and ${found.length - mostWarnings} more within a year`);
  return schedule;
}

function readLayer(value: Value, { person }: ScheduleContext): Layer | null {
  const fields = value.fields(['people', 'every', 'from', 'until', 'hours']);
  const told = fields.need('people', (found) =>
    found.listOf((entry) => {
      const together = entry.listOf(person);
      return together.length === 0 ? null : { together };
    }),
  );
  const turns = told?.map(({ together }) => together);
  const startsLocalMs = fields.need('from', readLocal);
  // Who is alone hands nothing over.
  const isHandedOver = (turns?.length ?? 0) > 1;
  const everyLocalMs = isHandedOver ? fields.need('every', readEvery) : fields.take('every', readEvery);
  const untilLocalMs = fields.take('until', readLocal) ?? null;
  const hours = fields.take('hours', (found) => found.listOf(readHours)) ?? [];
  if (turns === undefined || turns.length === 0 || startsLocalMs === undefined) return null;
  return { turns, startsLocalMs, everyLocalMs: everyLocalMs ?? 7 * dayMs, untilLocalMs, hours };
}

function readOverride(value: Value, clock: ZoneClock, { person }: ScheduleContext): ScheduleOverride | null {
  const fields = value.fields(['people', 'from', 'to']);
  const people = fields.need('people', (found) => found.listOf(person)) ?? [];
  const [from, to] = [fields.need('from', readLocal), fields.need('to', readLocal)];
  if (people.length === 0 || from === undefined || to === undefined) return null;
  if (to <= from) return fields.wrong("'to' is not after 'from'");
  return { people, fromMs: clock.firstAt(from), toMs: clock.firstAt(to) };
}

function readLocal(value: Value): number | null {
  const text = value.text(20);
  if (text === null) return null;
  return parseLocal(text) ?? value.wrong('is a time by the clocks of the zone, like 2026-11-23T09:00');
}

function readEvery(value: Value): number | null {
  if (value.is('day')) return dayMs;
  if (value.is('week')) return 7 * dayMs;
  const ms = value.duration(hourMs, 366 * dayMs, 'from 1h to 366d, or day, or week');
  return ms === null || ms % hourMs === 0 ? ms : value.wrong('is whole hours');
}

function readHours(value: Value): WeekHours | null {
  const fields = value.fields(['days', 'from', 'to']);
  const days = fields.take('days', (found) => {
    return found.listOf((entry) => {
      const name = entry.oneOf(dayNames);
      return name === null ? null : dayNames.indexOf(name);
    });
  }) ?? [0, 1, 2, 3, 4, 5, 6];
  const fromMinute = fields.need('from', readMinute);
  const toMinute = fields.need('to', readMinute);
  return fromMinute === undefined || toMinute === undefined ? null : { days, fromMinute, toMinute };
}

function readMinute(value: Value): number | null {
  const text = value.text(5);
  if (text === null) return null;
  const [, hour = '', minute = ''] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour === '' || minutes > 1440 ? value.wrong('is a time of day like "09:00", "24:00" at most') : minutes;
}
