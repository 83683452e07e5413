// What a rule is asked, and how its answers are counted.

/** One value of a series, as a monitoring system has it; a rule is asked "alarm now?" after each. */
export interface Point {
  timeS: number;
  bytes: number;
  limitBytes: number;
}

/** A rule on one series. It may keep what it likes, and knows nothing of what comes later. */
export interface Rule {
  alarm(point: Point): boolean;
}

/** When a rule alarmed, from its first "now" to its last; alarms less than an hour apart are one. */
export interface Alarm {
  fromS: number;
  toS: number;
}

const SAME_ALARM_S = 3600;

/** Notes an answer. */
export function note(alarms: Alarm[], timeS: number, alarming: boolean): void {
  if (!alarming) return;
  const last = alarms.at(-1);
  if (last !== undefined && timeS - last.toS < SAME_ALARM_S) last.toS = timeS;
  else alarms.push({ fromS: timeS, toS: timeS });
}
