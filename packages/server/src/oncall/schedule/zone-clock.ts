/**
 * What the clocks of a time zone show. A local time is a number, too: the milliseconds from 1970-01-01T00:00 on a calendar
 * whose days all have 24 hours.
 *
 * Where clocks are changed, a local time may be skipped, or shown twice. Everything here follows from one rule: something
 * that is to happen at a local time happens at the first instant at which the clocks have come so far. So what would be
 * in a skipped hour happens when the clocks jump, and what is in a doubled hour happens once, the first time; and of two
 * local times the later one never comes first.
 */
import { Temporal } from 'temporal-polyfill';

/** The clocks were changed. */
export interface ClockChange {
  atMs: number;
  /** What they showed less UTC, before and after. */
  beforeMs: number;
  afterMs: number;
}

const dayMs = 86_400_000;
/** Clocks have been set back and forth by a day at most, where the date line moved. */
const longestChangeMs = 2 * dayMs;
const yearsAtOnce = 4;

/** The clocks of one zone of the IANA database. Changes are looked up once and remembered. */
export class ZoneClock {
  readonly zone: string;
  #changes: ClockChange[] = [];
  /** Whole years that are looked up, the last one left out; and the offset at their begin. */
  #fromYear = 0;
  #toYear = 0;
  #firstOffsetMs = 0;

  /** @throws {RangeError} when there is no such zone */
  constructor(zone: string) {
    this.zone = zone;
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
  }

  /** What the clocks show. */
  localAt(timeMs: number): number {
    return timeMs + this.#offsetAt(timeMs);
  }

  /** How far the clocks have come by then: what they show, or have shown already, if they were set back. */
  furthestAt(timeMs: number): number {
    let furthestMs = this.localAt(timeMs);
    for (const { atMs, beforeMs } of this.changes(timeMs - longestChangeMs, timeMs + 1))
      furthestMs = Math.max(furthestMs, atMs + beforeMs - 1);
    return furthestMs;
  }

  /** The first instant at which the clocks have come to a local time. */
  firstAt(localMs: number): number {
    let fromMs = localMs - longestChangeMs;
    let offsetMs = this.#offsetAt(fromMs);
    for (const { atMs, afterMs } of this.changes(fromMs, localMs + longestChangeMs)) {
      const reachedMs = Math.max(fromMs, localMs - offsetMs);
      if (reachedMs < atMs) return reachedMs;
      [fromMs, offsetMs] = [atMs, afterMs];
    }
    return Math.max(fromMs, localMs - offsetMs);
  }

  /** Every instant at which the clocks show a local time: one; none where it is skipped; two where it is doubled. */
  occurrences(localMs: number): number[] {
    const aroundMs: readonly [number, number] = [localMs - longestChangeMs, localMs + longestChangeMs];
    const offsets = new Set([this.#offsetAt(aroundMs[0])]);
    for (const { afterMs } of this.changes(...aroundMs)) offsets.add(afterMs);
    return [...offsets]
      .map((offsetMs) => localMs - offsetMs)
      .filter((timeMs) => this.localAt(timeMs) === localMs)
      .sort((a, b) => a - b);
  }

  /** Changes from an instant on and before another one, in order. */
  changes(fromMs: number, toMs: number): readonly ClockChange[] {
    this.#lookUp(fromMs);
    this.#lookUp(toMs);
    return this.#changes.slice(this.#countBefore(fromMs), this.#countBefore(toMs));
  }

  #offsetAt(timeMs: number): number {
    this.#lookUp(timeMs);
    return this.#changes[this.#countBefore(timeMs + 1) - 1]?.afterMs ?? this.#firstOffsetMs;
  }

  #countBefore(timeMs: number): number {
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.atMs ?? Infinity) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #lookUp(timeMs: number): void {
    const year = new Date(timeMs).getUTCFullYear();
    if (year >= this.#fromYear && year < this.#toYear) return;
    const isFirst = this.#toYear === 0;
    this.#fromYear = Math.min(year - 1, isFirst ? Infinity : this.#fromYear);
    this.#toYear = Math.max(year + yearsAtOnce, this.#toYear);
    const endMs = Date.UTC(this.#toYear, 0);
    let at = Temporal.Instant.fromEpochMilliseconds(Date.UTC(this.#fromYear, 0)).toZonedDateTimeISO(this.zone);
    this.#firstOffsetMs = at.offsetNanoseconds / 1e6;
    this.#changes = [];
    for (let beforeMs = this.#firstOffsetMs; ;) {
      const next = at.getTimeZoneTransition('next');
      if (next === null || next.epochMilliseconds >= endMs) break;
      const afterMs = next.offsetNanoseconds / 1e6;
      this.#changes.push({ atMs: next.epochMilliseconds, beforeMs, afterMs });
      [at, beforeMs] = [next, afterMs];
    }
  }
}

/** A local time like `2026-11-21T09:00`; null when it is none. */
export function parseLocal(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return null;
  const localMs = Date.parse(`${text}Z`);
  // February 30 is taken for March 2 by some.
  return Number.isNaN(localMs) || localText(localMs) !== text ? null : localMs;
}

/** A local time as {@link parseLocal} reads it. */
export function localText(localMs: number): string {
  return new Date(localMs).toISOString().slice(0, 16);
}
