/**
 * From when to when requests were slow or failed more than they usually are: pure.
 *
 * A minute is hit when at least 1 % of its requests, and twice as many as usual, were slow or failed. Usual is what the
 * quietest quarter of the day's minutes before the incident stay below: a leak that slows a service down for hours must not
 * become usual. Hit minutes with ten minutes or less between them are one stretch.
 */

/** Requests of a route in one minute. */
export interface RouteMinute {
  minuteMs: number;
  requests: number;
  failed: number;
  /** In time, and not failed. */
  good: number;
}

/** A time in which a route was hit; `toMs` is the end of its last minute. */
export interface Stretch {
  fromMs: number;
  toMs: number;
}

const minuteMs = 60_000;
const leastShare = 0.01;
const timesUsual = 2;
const usualQuantile = 0.25;
/** Of fewer minutes nobody knows what is usual: then nothing is. */
const fewestMinutes = 30;
const gapMs = 10 * minuteMs;
/** What ended so long before the incident belongs to it: alerts and verdicts take their time. */
const beforeMs = 30 * minuteMs;

/**
 * The time in which the route was hit around an incident; null when it was not. `minutes` are in order, those of a day
 * before the incident included.
 */
export function stretchOf(
  minutes: readonly RouteMinute[],
  incident: { openedMs: number; endMs: number },
): Stretch | null {
  const usual = usualShare(minutes.filter(({ minuteMs: startMs }) => startMs < incident.openedMs - beforeMs));
  // Where more than half is slow as a rule, twice as many cannot be.
  const least = Math.max(leastShare, Math.min(timesUsual * usual, (1 + usual) / 2));
  const stretches: Stretch[] = [];
  for (const minute of minutes) {
    if (shareOf(minute) < least) continue;
    const last = stretches.at(-1);
    if (last !== undefined && minute.minuteMs - last.toMs <= gapMs) last.toMs = minute.minuteMs + minuteMs;
    else stretches.push({ fromMs: minute.minuteMs, toMs: minute.minuteMs + minuteMs });
  }
  const own = stretches.filter(({ fromMs, toMs }) => toMs >= incident.openedMs - beforeMs && fromMs <= incident.endMs);
  const [first] = own;
  const last = own.at(-1);
  return first === undefined || last === undefined ? null : { fromMs: first.fromMs, toMs: last.toMs };
}

/** The share of slow and failed requests in a quiet minute of the day. */
function usualShare(minutes: readonly RouteMinute[]): number {
  const shares = minutes
    .filter(({ requests }) => requests > 0)
    .map(shareOf)
    .sort((a, b) => a - b);
  return shares.length < fewestMinutes ? 0 : shares[Math.floor((shares.length - 1) * usualQuantile)];
}

function shareOf({ requests, good }: RouteMinute): number {
  return requests <= 0 ? 0 : Math.max(0, requests - good) / requests;
}
