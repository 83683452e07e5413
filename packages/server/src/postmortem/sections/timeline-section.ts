/** What happened, in the order of time, in UTC and by the team's clock. */
import type { PostmortemFacts } from '../facts.ts';
import { plain, table } from '../markdown.ts';
import { clockOf } from './words.ts';

/** More is left to the incident's own page. */
const mostRows = 120;
/** What is only noise in hindsight: that everything goes on. */
const leftOut: readonly string[] = ['postmortem', 'review', 'action-item'];

/** The section. */
export function timelineSection(facts: PostmortemFacts): string {
  const clock = clockOf(facts);
  const events = facts.timeline.filter(({ kind }) => !leftOut.includes(kind));
  const kept = events.slice(0, mostRows);
  const rows = kept.map(({ timeMs, kind, text, actor }, at) => {
    const isNewDay = at === 0 || dayOf(timeMs) !== dayOf(kept[at - 1]?.timeMs ?? timeMs);
    const told = `**${kind}:** ${plain(text)}${actor === null ? '' : ` (${plain(actor)})`}`;
    return [clock.time(timeMs, isNewDay).replace(/ \(.*$/, ''), ...clock.beside(timeMs), told];
  });
  const more = events.length - kept.length;
  const head = ['UTC', ...clock.zones.map((zone) => plain(zone)), 'What happened'];
  return `${table(head, rows)}${more > 0 ? `\n\n${more} more entries stand on the incident's page.` : ''}`;
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
