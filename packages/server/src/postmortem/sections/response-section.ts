/** Who was told, who came, who did what, and how long the wrong thing was suspected. */
import type { IncidentEventKind } from '../../incident/event-kind.ts';
import { roleWords } from '../../incident/role.ts';
import type { PostmortemFacts } from '../facts.ts';
import { list, plain } from '../markdown.ts';
import { clockOf, duration } from './words.ts';

/** What became of the paging, beside the pages themselves. */
const stepWords: Readonly<Partial<Record<IncidentEventKind, string>>> = {
  escalated: 'Escalated',
  'nobody-reachable': 'Nobody there',
  'acknowledgement-expired': 'Acknowledgement over',
  reassigned: 'Given on',
  'responders-added': 'Called in',
};

/** The section. */
export function responseSection(facts: PostmortemFacts): string {
  const { times, timeline, roles, hypotheses, incident } = facts;
  const clock = clockOf(facts);
  const since = (timeMs: number | null, what: string): string =>
    timeMs === null
      ? `not known: ${what}`
      : `${duration(timeMs - times.detectedMs)} after detection, at ${clock.time(timeMs)}`;
  const steps = timeline.flatMap(({ kind, timeMs, text }) => {
    const label = stepWords[kind];
    return label === undefined ? [] : [`**${label}:** ${clock.time(timeMs)}: ${plain(text)}`];
  });
  const silent = timeline.filter(({ kind }) => kind === 'not-notified' || kind === 'silenced');
  const wrong = times.wrongHypothesisMs;
  return list([
    `**Told:** ${since(times.toldMs, 'nobody was told by Ebb')}.`,
    `**Acknowledged:** ${since(times.acknowledgedMs, 'nobody acknowledged it, or wrote anything')}.`,
    ...steps,
    ...silent.slice(0, 5).map(({ timeMs, text }) => `**Not told:** ${clock.time(timeMs)}: ${plain(text)}`),
    roles.length === 0
      ? '**Roles:** nobody had one.'
      : `**Roles:** ${roles.map(({ role, name }) => `${roleWords[role]}: ${plain(name)}`).join(', ')}.`,
    ...hypotheses.map((one) => {
      const until = one.decided_ms === null ? 'and not decided' : `${one.state} at ${clock.time(one.decided_ms)}`;
      const why = one.decided_why === null ? '' : ` by ${plain(one.decided_by ?? '')}: ${plain(one.decided_why)}`;
      return `**Suspected:** ${plain(one.title)}, from ${clock.time(one.since_ms)} by ${plain(one.suspected_by)}, ${until}${why}.`;
    }),
    `**Time on the wrong hypothesis:** ${wrong === null ? 'not known: nobody wrote down what was suspected' : wrong === 0 ? 'none' : duration(wrong)}.`,
    `**Mitigated:** ${since(times.mitigatedMs, incident.resolvedMs === null ? 'it goes on' : 'nothing measured shows it')}.`,
    `**Resolved:** ${since(times.resolvedMs, 'it is open')}.`,
  ]);
}
