/** When people meet over an incident: within seven days, in the team's working hours: pure. */
import { Clock } from '../incident/zone.ts';

/** A review has to be within so long of the end of its incident. */
export const reviewWithinMs: number = 7 * 24 * 3_600_000;
/** How long one lasts, unless somebody says otherwise. */
export const usualMinutes = 60;

const stepMs = 15 * 60_000;
const dayMs = 24 * 3_600_000;
/** People have slept, and what was measured is complete. */
const soonestMs = dayMs;

/** The first weekday at ten o'clock by the team's clock, a day after the end of the incident at the earliest. */
export function usualReviewMs(resolvedMs: number, zone: string | null): number {
  const clock = new Clock([zone ?? 'UTC']);
  const fromMs = Math.ceil((resolvedMs + soonestMs) / stepMs) * stepMs;
  for (let timeMs = fromMs; timeMs < resolvedMs + reviewWithinMs; timeMs += stepMs)
    if (isTenOnAWeekday(timeMs, clock)) return timeMs;
  // No clock has seven days without such an hour; a zone that skips a day might.
  return fromMs;
}

function isTenOnAWeekday(timeMs: number, clock: Clock): boolean {
  const [local] = clock.zones.length === 0 ? [utcClock(timeMs)] : clock.beside(timeMs);
  const [, date = new Date(timeMs).toISOString().slice(0, 10), time] =
    /^(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d) /.exec(local ?? '') ?? [];
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return time === '10:00' && day >= 1 && day <= 5;
}

function utcClock(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(11, 16)} UTC`;
}
