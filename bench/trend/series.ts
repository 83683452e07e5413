// A series as the bench plays it, and what all rules said of it.
import { MemoryJudge } from '@ebb/trend';
import type { MemoryJudgeOptions, MemorySample } from '@ebb/trend';
import { note } from './alarm.ts';
import type { Alarm, Point, Rule } from './alarm.ts';

export interface BenchSeries {
  name: string;
  /** What the rules of today see, and what Ebb sees. */
  samples: readonly { point: Point; sample: MemorySample }[];
  /** Null for a series that doesn't leak. */
  leaksFromS: number | null;
  /** The share of the way to the limit that is left at a sample: of the room that there was when it started, or began to leak. */
  wayLeft: (index: number) => number;
  /** The share of the room that is left at a sample, of what there would be without the leak: a start-up takes none of it. */
  roomLeft: (index: number) => number;
}

/** Plays a series to rules, and tells when each alarmed. */
export function playRules(
  series: BenchSeries,
  rules: Readonly<Record<string, (scale?: number) => Rule>>,
  scale = 1,
): Record<string, Alarm[]> {
  const playing = Object.entries(rules).map(([name, make]) => ({ name, rule: make(scale), alarms: [] as Alarm[] }));
  for (const { point } of series.samples) {
    for (const { rule, alarms } of playing) note(alarms, point.timeS, rule.alarm(point));
  }
  return Object.fromEntries(playing.map(({ name, alarms }) => [name, alarms]));
}

/** Verdicts are read off at every so many samples: when they are decided does not depend on it. */
const READ_EVERY = 5;

/** What Ebb's judge said of a series: `leak`, and, apart, `native`. */
export function playEbb(series: BenchSeries, options: MemoryJudgeOptions): { leak: Alarm[]; native: Alarm[] } {
  const judge = new MemoryJudge(options);
  const said = { leak: [] as Alarm[], native: [] as Alarm[] };
  for (const [nth, { point, sample }] of series.samples.entries()) {
    judge.update(sample);
    if (nth % READ_EVERY !== 0) continue;
    const { verdict } = judge.judgement;
    note(said.leak, point.timeS, verdict === 'leak');
    note(said.native, point.timeS, verdict === 'native');
  }
  return said;
}
