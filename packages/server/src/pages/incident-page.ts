import type { ServiceState } from '../judge/fleet.ts';
import type { IncidentEvent } from '../store/incidents.ts';
import type { ServiceRow } from '../store/schema.ts';
import { html, type Markup } from './html.ts';
import { byUrgency, incidentList, levelBadge, stateOf, type ListedIncident } from './incident-list.ts';
import { timeToLimit } from './services-page.ts';
import { utc, verdictBadge } from './wording.ts';

/** Incidents that are open, and those that were. */
export function incidentsPage(incidents: readonly ListedIncident[], nowMs: number): Markup {
  const open = incidents.filter(({ resolved_ms: resolvedMs }) => resolvedMs === null);
  const over = incidents.filter(({ resolved_ms: resolvedMs }) => resolvedMs !== null);
  return html`<h1>
      ${open.length === 0 ? 'No incident is open' : open.length === 1 ? '1 incident is open' : `${open.length} incidents are open`}
    </h1>
    ${
      open.length > 0
        ? incidentList(byUrgency(open), nowMs)
        : html`<p>
            One opens by itself when a service runs out of memory, and is resolved a quarter of an hour after it
            stopped.
          </p>`
    }
    ${
      over.length === 0
        ? null
        : html`<section aria-labelledby="over">
            <h2 id="over">Resolved</h2>
            ${incidentList(over, nowMs)}
          </section>`
    }`;
}

/** What the page of an incident shows. */
export interface IncidentInput {
  incident: ListedIncident;
  service: ServiceRow | undefined;
  /** The service now; undefined when none of its processes is heard of. */
  state: ServiceState | undefined;
  /** Oldest first. */
  timeline: readonly IncidentEvent[];
  nowMs: number;
}

/** An incident: what it is about, how it stands now, and what happened. */
export function incidentPage({ incident, service, state, timeline, nowMs }: IncidentInput): Markup {
  return html`<p class="crumb"><a href="/incidents">Incidents</a></p>
    <h1>${incident.summary}</h1>
    <p class="lead">${levelBadge(incident)} ${stateOf(incident, nowMs)}</p>
    ${
      service === undefined
        ? null
        : html`<p>
            Now: <a href="/services/${service.id}">${service.name}</a>
            ${state === undefined ? 'is not heard of any more' : html`${verdictBadge(state.verdict)} ${timeToLimit(state)}`}
          </p>`
    }
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        ${timeline.map(
          ({ timeMs, kind, text }) =>
            html`<li>
              <time datetime="${new Date(timeMs).toISOString()}">${utc(timeMs)}</time> <b>${kind}</b>
              <span>${text}</span>
            </li>`,
        )}
      </ol>
    </section>`;
}
