/** Who is on call when, as it is planned. */
import type { ZoneClock } from './zone-clock.ts';

/** Hours of the week by the clocks of the zone. */
export interface WeekHours {
  /** Days on which they begin; 0 is Monday. */
  days: readonly number[];
  /** Minutes from midnight, 0 to 1440. From not before to: into the next day. */
  fromMinute: number;
  toMinute: number;
}

/** People who take turns. */
export interface Layer {
  /** Who is on call together, turn by turn, again and again. */
  turns: readonly (readonly string[])[];
  /** The first handover, by the clocks of the zone; nobody is on call before. */
  startsLocalMs: number;
  /** A handover to the next, by the clocks: after a day at the same time of day, whatever was done to the clocks. */
  everyLocalMs: number;
  /** Nobody is on call from then on; null: it has no end. */
  untilLocalMs: number | null;
  /** On call only then; always where there are none. */
  hours: readonly WeekHours[];
}

/** Others are on call for a while. */
export interface ScheduleOverride {
  people: readonly string[];
  fromMs: number;
  toMs: number;
}

/** A schedule. */
export interface Schedule {
  name: string;
  clock: ZoneClock;
  /** Of those of which somebody is on call, the last one counts. */
  layers: readonly Layer[];
  /** Before all layers; the last one counts. */
  overrides: readonly ScheduleOverride[];
}
