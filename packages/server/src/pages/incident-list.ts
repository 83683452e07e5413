import type { Level } from '../incident/level.ts';
import type { IncidentRow } from '../store/schema.ts';
import { html, type Markup } from './html.ts';
import { timeElement } from './wording.ts';

/** An incident as far as a list needs it. */
export type ListedIncident = Pick<
  IncidentRow,
  'id' | 'level' | 'summary' | 'opened_ms' | 'quiet_since_ms' | 'resolved_ms'
>;

/** Incidents as a list of links. */
export function incidentList(incidents: readonly ListedIncident[], nowMs: number): Markup {
  return html`<ul class="rows">
    ${incidents.map(
      (incident) =>
        html`<li class="row incident">
          <div>${levelBadge(incident)}</div>
          <div class="name"><a href="/incidents/${incident.id}">${incident.summary}</a></div>
          <div class="note">${stateOf(incident, nowMs)}</div>
        </li>`,
    )}
  </ul>`;
}

const rank: Readonly<Record<Level, number>> = { page: 0, warning: 1, notice: 2 };

/** Incidents by how urgent they are, the newest first among those that are as urgent. */
export function byUrgency<Incident extends ListedIncident>(incidents: readonly Incident[]): Incident[] {
  return incidents.toSorted((a, b) => rank[a.level] - rank[b.level] || b.opened_ms - a.opened_ms);
}

/** The level as a person reads it. */
export function levelBadge({ level, resolved_ms: resolvedMs }: Pick<ListedIncident, 'level' | 'resolved_ms'>): Markup {
  return html`<span class="badge ${resolvedMs === null ? level : 'over'}">${level}</span>`;
}

/** Since when it is open, calm, or over. */
export function stateOf(incident: ListedIncident, nowMs: number): Markup {
  if (incident.resolved_ms !== null) return html`resolved ${timeElement(incident.resolved_ms, nowMs)}`;
  const calm =
    incident.quiet_since_ms === null ? null : html`, calm since ${timeElement(incident.quiet_since_ms, nowMs)}`;
  return html`opened ${timeElement(incident.opened_ms, nowMs)}${calm}`;
}
