/** Incidents as the server tells them, in lines for a terminal. What others wrote cannot move the cursor. */
import { printable } from '../wording/printable.ts';

/** An incident in a list, as far as it is printed. */
export interface ListedIncident {
  id: number;
  level: string;
  summary: string;
  openedMs: number;
  resolvedMs: number | null;
}

/** An incident with its timeline, as far as it is printed. */
export interface ShownIncident extends ListedIncident {
  cause: string;
  impact: string | null;
  team: string | null;
  roles: readonly { role: string; name: string }[];
  hypotheses: readonly { id: number; title: string; state: string; decidedWhy: string | null }[];
  timeline: readonly { timeMs: number; time: string; kind: string; text: string; actor: string | null }[];
}

/** Who is paged for an incident, and how far that has come, as far as it is printed. */
export interface ShownPaging {
  /** Null where nobody was paged, and nobody has acknowledged. */
  state: 'paging' | 'acknowledged' | 'muted' | 'exhausted' | 'over' | null;
  policy: string | null;
  step: number | null;
  holder: string | null;
  dueMs: number | null;
  pages: readonly { person: string; state: string }[];
}

/** One line an incident. */
export function listLines(incidents: readonly ListedIncident[]): string[] {
  if (incidents.length === 0) return ['no incident is open'];
  return incidents.map(({ id, level, summary, openedMs, resolvedMs }) => {
    const state = resolvedMs === null ? level : 'over';
    return `${String(id).padStart(4)}  ${state.padEnd(7)}  ${utc(openedMs)}  ${printable(summary)}`;
  });
}

/** The incident, who has it, what is suspected, who does what, and what happened in the order of time. */
export function incidentLines(incident: ShownIncident, paging: ShownPaging): string[] {
  const { id, level, summary, cause, impact, resolvedMs, team, roles, hypotheses, timeline } = incident;
  const state = resolvedMs === null ? 'open' : `resolved ${utc(resolvedMs)}`;
  return [
    `incident ${id}, ${level}, ${state}${team === null ? '' : `, team ${printable(team)}`}`,
    `  ${printable(summary)}`,
    `  cause: ${cause}; impact: ${impact === null ? 'none measured' : printable(impact)}`,
    ...pagingLine(paging),
    ...roles.map(({ role, name }) => `  ${role}: ${printable(name)}`),
    ...hypotheses.map(
      (one) =>
        `  hypothesis ${one.id}, ${one.state}: ${printable(one.title)}${one.decidedWhy === null ? '' : `: ${printable(one.decidedWhy)}`}`,
    ),
    '',
    ...timeline
      .toSorted((a, b) => a.timeMs - b.timeMs)
      .map(({ time, kind, text, actor }) => {
        const who = actor === null ? '' : ` (${printable(actor)})`;
        return `${time}  ${kind}: ${printable(text)}${who}`;
      }),
  ];
}

/** What somebody who comes to it asks first: whether anybody has it. */
function pagingLine({ state, policy, step, holder, dueMs, pages }: ShownPaging): string[] {
  const at = dueMs === null ? '' : utc(dueMs);
  if (state === 'acknowledged')
    return [`  acknowledged by ${printable(holder ?? 'somebody')}${at === '' ? '' : ` until ${at}`}`];
  if (state === 'muted') return ['  nobody is paged: it is silenced'];
  if (state === 'exhausted') return [`  nobody has acknowledged${at === '' ? '' : `; paging begins anew at ${at}`}`];
  if (state !== 'paging') return [];
  const people = [...new Set(pages.map(({ person }) => person))].reverse();
  const where = policy === null ? '' : ` (step ${step ?? 1} of ${policy}${at === '' ? '' : `; the next one at ${at}`})`;
  const who = people.length === 0 ? 'nobody so far' : people.join(', ');
  return [`  nobody has acknowledged; paged: ${printable(`${who}${where}`)}`];
}

function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
