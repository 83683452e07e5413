/**
 * Who is on call: at an instant, and over a span. The span is cut at every instant at which anything may change (a handover,
 * an hour of the week, a change of the clocks, an override), and between two cuts the first instant tells for all.
 */
import type { Layer, Schedule, WeekHours } from './schedule.ts';
import type { ZoneClock } from './zone-clock.ts';

/** People who are on call from an instant to another one. */
export interface Shift {
  fromMs: number;
  /** Not on call any more. */
  toMs: number;
  /** Nobody in a gap. */
  people: readonly string[];
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const nobody: readonly string[] = [];

/** Who is on call; nobody in a gap. */
export function onCallAt({ clock, layers, overrides }: Schedule, timeMs: number): readonly string[] {
  const override = overrides.findLast(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs);
  if (override !== undefined) return override.people;
  for (const layer of layers.toReversed()) {
    const people = turnAt(layer, clock, timeMs);
    if (people.length > 0) return people;
  }
  return nobody;
}

/** Who is on call from when to when, without a hole: gaps are shifts of nobody. */
export function shifts(schedule: Schedule, fromMs: number, toMs: number): Shift[] {
  const cuts = [...cutsOf(schedule, fromMs, toMs), fromMs].filter((timeMs) => timeMs >= fromMs && timeMs < toMs);
  const found: Shift[] = [];
  for (const timeMs of [...new Set(cuts)].sort((a, b) => a - b)) {
    const people = onCallAt(schedule, timeMs);
    const last = found.at(-1);
    if (last !== undefined && isSame(last.people, people)) continue;
    if (last !== undefined) last.toMs = timeMs;
    found.push({ fromMs: timeMs, toMs, people });
  }
  return found;
}

/** Local times in a span at which a layer's turns, and its hours of the week, begin and end. */
export function* localTimesOf(layer: Layer, clock: ZoneClock, fromMs: number, toMs: number): Generator<number> {
  const { startsLocalMs, everyLocalMs, untilLocalMs, hours } = layer;
  const [firstMs, lastMs] = [clock.localAt(fromMs) - 2 * dayMs, clock.localAt(toMs) + 2 * dayMs];
  const endMs = Math.min(lastMs, untilLocalMs ?? Infinity);
  const turn = Math.max(0, Math.floor((firstMs - startsLocalMs) / everyLocalMs));
  // With one turn nothing is handed over.
  if (layer.turns.length > 1)
    for (let at = startsLocalMs + turn * everyLocalMs; at < endMs; at += everyLocalMs) yield at;
  else yield startsLocalMs;
  if (untilLocalMs !== null) yield untilLocalMs;
  for (let dayAt = Math.floor(firstMs / dayMs) * dayMs; dayAt < lastMs; dayAt += dayMs)
    for (const { days, fromMinute, toMinute } of hours) {
      if (!days.includes(weekdayOf(dayAt))) continue;
      yield dayAt + fromMinute * minuteMs;
      yield dayAt + toMinute * minuteMs + (toMinute <= fromMinute ? dayMs : 0);
    }
}

function* cutsOf({ clock, layers, overrides }: Schedule, fromMs: number, toMs: number): Generator<number> {
  for (const { atMs } of clock.changes(fromMs, toMs)) yield atMs;
  for (const override of overrides) {
    yield override.fromMs;
    yield override.toMs;
  }
  for (const layer of layers)
    for (const localMs of localTimesOf(layer, clock, fromMs, toMs)) {
      yield clock.firstAt(localMs);
      yield* clock.occurrences(localMs);
    }
}

function turnAt(layer: Layer, clock: ZoneClock, timeMs: number): readonly string[] {
  const { turns, startsLocalMs, everyLocalMs, untilLocalMs, hours } = layer;
  const furthestMs = clock.furthestAt(timeMs);
  if (furthestMs < startsLocalMs || (untilLocalMs !== null && furthestMs >= untilLocalMs)) return nobody;
  if (hours.length > 0 && !hours.some((one) => isWithin(one, clock.localAt(timeMs)))) return nobody;
  return turns[Math.floor((furthestMs - startsLocalMs) / everyLocalMs) % turns.length] ?? nobody;
}

function isWithin({ days, fromMinute, toMinute }: WeekHours, localMs: number): boolean {
  const day = weekdayOf(localMs);
  const minute = (((localMs % dayMs) + dayMs) % dayMs) / minuteMs;
  if (fromMinute < toMinute) return days.includes(day) && fromMinute <= minute && minute < toMinute;
  return (days.includes(day) && minute >= fromMinute) || (days.includes((day + 6) % 7) && minute < toMinute);
}

/** 0 is Monday; 1970 began with a Thursday. */
function weekdayOf(localMs: number): number {
  return (((Math.floor(localMs / dayMs) + 3) % 7) + 7) % 7;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
