/** When a service's memory is somebody's business, how urgent, and when it is over: pure. */
import { runsOut } from '../judge/pool.ts';
import type { ServiceState } from '../judge/fleet.ts';
import type { Level } from './level.ts';

/** The levels' bounds. */
export interface LevelRules {
  /** A confirmed leak that may meet its limit within so long is a page. */
  pageWithinSeconds: number;
  /** One that may meet it within so long is a warning. */
  warnWithinSeconds: number;
  /** An incident ends when nothing runs out for so long: what comes back before is the same one. */
  quietMs: number;
}

/** An hour, a day; a quarter of an hour. */
export const usualRules: LevelRules = { pageWithinSeconds: 3600, warnWithinSeconds: 86_400, quietMs: 15 * 60_000 };

/** An incident that is open, as far as decisions need it. */
export interface OpenIncident {
  level: Level;
  /** Since when nothing runs out any more; null while something does. */
  quietSinceMs: number | null;
}

/** What is to be done about a service. */
export type Decision = 'nothing' | 'open' | 'raise' | 'update' | 'calm' | 'resolve' | 'reopen';

/** Levels in order: what is more urgent is more. */
export const rank: Readonly<Record<Level, number>> = { notice: 0, warning: 1, page: 2 };

/**
 * How urgent a service is by its time to the limit; null when nothing runs out. Growth without a known limit is a notice,
 * and a process that leaks alone among many a warning at most: that may be chance.
 */
export function levelOf(service: ServiceState, rules: LevelRules): Level | null {
  if (!runsOut(service.verdict)) return null;
  const soonest = service.secondsToLimitInterval?.[0] ?? service.secondsToLimit;
  if (soonest === null || soonest > rules.warnWithinSeconds) return 'notice';
  return soonest <= rules.pageWithinSeconds && service.confirmed ? 'page' : 'warning';
}

/** What to do, given what is open. A level only rises: what was a page is looked at, even if it got slower. */
export function decide(open: OpenIncident | null, level: Level | null, nowMs: number, rules: LevelRules): Decision {
  if (open === null) return level === null ? 'nothing' : 'open';
  if (level !== null) return rank[level] > rank[open.level] ? 'raise' : 'update';
  if (open.quietSinceMs === null) return 'calm';
  return nowMs - open.quietSinceMs >= rules.quietMs ? 'resolve' : 'nothing';
}
