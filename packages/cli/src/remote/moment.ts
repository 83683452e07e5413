import { InvalidArgumentError } from 'commander';

const form = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * A moment as RFC 3339 has it, in milliseconds since 1970; seconds and their fractions may be left out, the zone may not.
 *
 * @throws {InvalidArgumentError} when the text is none, or of a day that its month does not have
 */
export function moment(value: string): number {
  const [, day] = form.exec(value) ?? [];
  const timeMs = day === undefined || !isDay(day) ? NaN : Date.parse(value);
  if (Number.isNaN(timeMs))
    throw new InvalidArgumentError('It is a time with its zone: 2026-11-24T10:00Z, or 2026-11-24T13:00:00.5+03:00.');
  return timeMs;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const timeMs = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(day);
}
