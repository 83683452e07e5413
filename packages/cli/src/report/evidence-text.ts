import { count, duration, list } from '../wording/quantities.ts';
import type { ReportedCapture } from './watch-report.ts';

/** More pauses than these are told by the shortest and the longest. */
const MOST_PAUSES = 5;

/**
 * How we know, and what it cost the program: `3 forked snapshots, pauses of 9, 11 and 12 ms`; of inline ones
 * `3 snapshots, which paused your program for 0.9 s, 1.0 s and 1.1 s`; then the profiles.
 */
export function evidence(captures: readonly ReportedCapture[]): string {
  const groups = [
    told(captures, 'fork', 'forked snapshot', 'pauses of'),
    told(captures, 'inline', 'snapshot', 'which paused your program for'),
    told(captures, 'inspector', 'allocation profile', 'pauses of'),
  ].filter((text) => text !== null);
  return groups.length === 0 ? 'no snapshots' : groups.join(', and ');
}

/** One capture, as soon as it is there: `the snapshot was forked: your program paused for 9 ms`. */
export function capturedText({ kind, method, pauseMs, attempts = 1 }: ReportedCapture): string {
  const paused = `your program paused for ${pauses([pauseMs])}`;
  if (kind === 'profile') return `an allocation profile was taken: ${paused}`;
  const again = attempts > 1 ? ` in ${count(attempts)} attempts` : '';
  return method === 'fork'
    ? `the snapshot was forked${again}: ${paused}`
    : `the snapshot was written in the program: ${paused}`;
}

function told(
  captures: readonly ReportedCapture[],
  method: ReportedCapture['method'],
  what: string,
  paused: string,
): string | null {
  const some = captures.filter((capture) => capture.method === method).map(({ pauseMs }) => pauseMs);
  if (some.length === 0) return null;
  const verb = some.length === 1 ? paused.replace('pauses', 'a pause') : paused;
  return `${count(some.length)} ${what}${some.length === 1 ? '' : 's'}, ${verb} ${pauses(some)}`;
}

/** `9, 11 and 12 ms`, `0.9 s and 1.2 s`, `320 ms and 1.1 s`, `8 to 41 ms`. */
function pauses(some: readonly number[]): string {
  const brief = some.every((ms) => ms < SECOND_MS);
  const long = some.every((ms) => ms >= LEAST_IN_SECONDS_MS);
  const text = (ms: number): string => {
    if (brief && !long) return milliseconds(ms);
    return long || ms >= SECOND_MS ? duration(ms / 1000) : `${milliseconds(ms)} ms`;
  };
  const unit = brief && !long ? ' ms' : '';
  if (some.length > MOST_PAUSES) return `${text(Math.min(...some))} to ${text(Math.max(...some))}${unit}`;
  return `${list(some.map(text))}${unit}`;
}

const SECOND_MS = 999.5;
/** Where all are about as long as a second or longer, tenths of it say enough. */
const LEAST_IN_SECONDS_MS = 850;

function milliseconds(ms: number): string {
  return ms < 9.95 ? String(Number(ms.toPrecision(2))) : String(Math.round(ms));
}
