/** What to know of a schedule before it is too late: times without anybody, and handovers that a change of the clocks moves. */
import { localTimesOf, shifts, type Shift } from './on-call.ts';
import type { Schedule } from './schedule.ts';
import { localText } from './zone-clock.ts';

/** Something that a schedule does that is not likely meant. */
export interface ScheduleWarning {
  kind: 'gap' | 'skipped' | 'doubled';
  atMs: number;
  text: string;
}

/** Times without anybody on call. */
export function gaps(schedule: Schedule, fromMs: number, toMs: number): Shift[] {
  return shifts(schedule, fromMs, toMs).filter(({ people }) => people.length === 0);
}

/** Everything to be warned of in a span, in the order of time. */
export function warnings(schedule: Schedule, fromMs: number, toMs: number): ScheduleWarning[] {
  const { clock } = schedule;
  const found: ScheduleWarning[] = gaps(schedule, fromMs, toMs).map((gap) => ({
    kind: 'gap',
    atMs: gap.fromMs,
    text: `nobody is on call from ${at(gap.fromMs)}${gap.toMs === toMs ? ' on' : ` to ${at(gap.toMs)}`}`,
  }));
  const seen = new Set<number>();
  for (const layer of schedule.layers)
    for (const localMs of localTimesOf(layer, clock, fromMs, toMs)) {
      const atMs = clock.firstAt(localMs);
      if (atMs < fromMs || atMs >= toMs || seen.has(localMs)) continue;
      const count = clock.occurrences(localMs).length;
      if (count === 1) continue;
      seen.add(localMs);
      const when = localText(localMs).replace('T', ' ');
      if (count === 0)
        found.push({
          kind: 'skipped',
          atMs,
          text: `the clocks skip ${when}: what is then happens when they jump, ${at(atMs)}`,
        });
      else
        found.push({
          kind: 'doubled',
          atMs,
          text: `the clocks show ${when} twice: a handover happens the first time, ${at(atMs)}`,
        });
    }
  return found.sort((a, b) => a.atMs - b.atMs);

  function at(timeMs: number): string {
    const utc = new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
    return `${localText(clock.localAt(timeMs)).replace('T', ' ')} (${utc} UTC)`;
  }
}
