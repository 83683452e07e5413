/** How it was noticed, how late, and what would have halved that. */
import type { PostmortemFacts } from '../facts.ts';
import { list, plain } from '../markdown.ts';
import { clockOf, duration } from './words.ts';

/** The section. */
export function detectionSection(facts: PostmortemFacts): string {
  const { times, timeline, impact, incident } = facts;
  const clock = clockOf(facts);
  const { startedMs, detectedMs } = times;
  const opened = timeline.find(({ kind }) => kind === 'opened');
  const delayMs = startedMs === null ? null : detectedMs - startedMs;
  const before = impact === null ? null : impact.all.fromMs - detectedMs;
  return list([
    `**How:** Ebb opened the incident at ${clock.time(detectedMs, true)} by itself: ${plain(opened?.text ?? incident.summary)}.`,
    delayMs === null
      ? '**Time to detect:** not known: nothing that was measured shows when it began.'
      : `**Time to detect:** ${duration(delayMs)}, from ${clock.time(startedMs ?? detectedMs)}, when it began as far as it was measured.`,
    before === null
      ? '**Users:** no impact on requests was measured.'
      : before >= 0
        ? `**Users** were hit ${duration(before)} after it was detected.`
        : `**Users** were hit ${duration(-before)} before it was detected.`,
    ...halving(facts, delayMs).map((point) => `**Would have halved it:** ${point}`),
  ]);
}

/** What would have brought the news in half the time: only what follows from what was measured. */
function halving(
  { signals, times, incident, culprit, impact, timeline }: PostmortemFacts,
  delayMs: number | null,
): string[] {
  const points: string[] = [];
  if (culprit !== null)
    points.push(
      'a memory test, or a lint rule, that knows this fingerprint would have told it before it shipped: no time at all.',
    );
  const suspected = timeline.find(({ kind }) => kind === 'verdict');
  if (incident.level === 'page' && timeline.some(({ kind }) => kind === 'raised') && suspected !== undefined)
    points.push(
      `the first verdict came ${duration(Math.max(0, times.detectedMs - suspected.timeMs))} before; a lower \`page_within\` or \`warn_within\` in the alert rules would have made it urgent at once.`,
    );
  const cpu = signals.find(({ kind, started_ms: startedMs }) => kind === 'cpu' && startedMs <= times.detectedMs);
  if (cpu !== undefined && cpu.started_ms < times.detectedMs)
    points.push(
      `“${plain(cpu.title)}” was told ${duration(times.detectedMs - cpu.started_ms)} earlier, about the CPU; an alert on the share of garbage collection would have said that it is memory.`,
    );
  if (delayMs !== null && delayMs > 0 && impact !== null && impact.all.fromMs < times.detectedMs)
    points.push(
      `an alert on the growth of live memory that looks back no more than ${duration(delayMs / 2)}: the growth was there to be seen.`,
    );
  if (points.length === 0) points.push('nothing that was measured shows how.');
  return points;
}
