import { html, type Markup } from './html.ts';
import { byUrgency, incidentList, type ListedIncident } from './incident-list.ts';

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
    <p><a href="/incidents/numbers">How long they take, what comes back, and what is to be done</a></p>
    ${
      over.length === 0
        ? null
        : html`<section aria-labelledby="over">
            <h2 id="over">Resolved</h2>
            ${incidentList(over, nowMs)}
          </section>`
    }`;
}
