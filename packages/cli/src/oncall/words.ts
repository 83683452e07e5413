/** Schedules as a person reads them on a terminal. */
import { printable } from '../wording/printable.ts';

interface Shift {
  fromMs: number;
  toMs: number;
  people: string[];
}

/** The answer of `/api/v1/oncall`. */
export interface OnCallNow {
  schedules: { name: string; zone: string; now: string[]; untilMs: number | null; next: Shift | null }[];
}

/** The answer of `/api/v1/oncall/schedules/NAME`. */
export interface ScheduleSpan {
  name: string;
  zone: string;
  shifts: Shift[];
  warnings: { atMs: number; text: string }[];
}

/** A line a schedule: who is on call, until when, who is next. */
export function nowWords({ schedules }: OnCallNow): string {
  if (schedules.length === 0)
    return 'nobody is on call: the server has no plan with a schedule (ebb up --oncall FILE)\n';
  return schedules
    .map(({ name, zone, now, untilMs, next }) => {
      const until = untilMs === null ? '' : ` until ${inZone(untilMs, zone)}`;
      const then = next === null ? '' : `, then ${names(next.people)}`;
      return printable(`${name}: ${names(now)}${until}${then}`);
    })
    .join('\n')
    .concat('\n');
}

/** The shifts of a schedule by the clocks of its zone, with UTC beside them. */
export function scheduleWords({ name, zone, shifts, warnings }: ScheduleSpan): string {
  const lines = [
    `${name}, ${zone}`,
    ...shifts.map(({ fromMs, people }) => `${inZone(fromMs, zone)}  (${utc(fromMs)})  ${names(people)}`),
    ...warnings.map(({ text }) => `warning: ${text}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function names(people: readonly string[]): string {
  return people.length === 0 ? 'NOBODY' : people.join(' and ');
}

function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `Mon 2026-11-23 09:00`. A zone that this Node.js does not know is told in UTC. */
function inZone(timeMs: number, zone: string): string {
  const how = { weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const;
  try {
    const format = new Intl.DateTimeFormat('en', { ...how, minute: '2-digit', hourCycle: 'h23', timeZone: zone });
    const parts = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
    return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
  } catch {
    return utc(timeMs);
  }
}
