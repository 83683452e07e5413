import type { ToldAttribution } from '../attribution/told.ts';
import type { ServiceState } from '../judge/fleet.ts';
import { longestName, longestNote, longestReason } from '../incident/desk.ts';
import { incidentRoles, roleWords } from '../incident/role.ts';
import type { HypothesisRow, IncidentRoleRow } from '../incident/tables.ts';
import type { Clock } from '../incident/zone.ts';
import type { IncidentEvent } from '../store/incidents.ts';
import type { ChangeRow, ServiceRow } from '../store/schema.ts';
import { changesSection } from './changes-section.ts';
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
  /** Who is paged, and who has acknowledged; null where there is nothing to say. */
  escalation: Markup | null;
  /** Which change brought it; null while nothing is known. */
  attribution: ToldAttribution | null;
  /** In the order in which it was told. */
  timeline: readonly IncidentEvent[];
  hypotheses: readonly HypothesisRow[];
  roles: readonly IncidentRoleRow[];
  /** Changes that may be suspected, newest first. */
  changes: readonly ChangeRow[];
  /** Whether the reader works on incidents, or only reads. */
  mayAct: boolean;
  /** What was wrong with what the reader sent. */
  problem: string | null;
  clock: Clock;
  nowMs: number;
}

/** An incident: what it is about, how it stands now, who does what, what is suspected, and what happened. */
export function incidentPage(input: IncidentInput): Markup {
  const { incident, service, state, attribution, timeline, clock, problem, nowMs } = input;
  return html`<p class="crumb"><a href="/incidents">Incidents</a></p>
    <h1>${incident.summary}</h1>
    ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
    <p class="lead">${levelBadge(incident)} ${stateOf(incident, nowMs)}</p>
    <p><a href="/incidents/${incident.id}/postmortem">Postmortem</a></p>
    ${
      service === undefined
        ? null
        : html`<p>
            Now: <a href="/services/${service.id}">${service.name}</a>
            ${state === undefined ? 'is not heard of any more' : html`${verdictBadge(state.verdict)} ${timeToLimit(state)}`}
          </p>`
    }
    ${changesSection(attribution)} ${input.escalation} ${rolesSection(input)} ${hypothesesSection(input)}
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        ${timeline
          .toSorted((a, b) => a.timeMs - b.timeMs)
          .map(
            ({ timeMs, kind, text, actor }) =>
              html`<li>
                <time datetime="${new Date(timeMs).toISOString()}">${clock.time(timeMs, true)}</time> <b>${kind}</b>
                <span class="told">${text}</span> ${actor === null ? null : html`<span class="who">${actor}</span>`}
              </li>`,
          )}
      </ol>
      ${input.mayAct ? noteForm(incident) : null}
    </section>
    ${input.mayAct && incident.resolved_ms === null ? resolveSection(incident) : null}`;
}

function rolesSection({ incident, roles, mayAct }: IncidentInput): Markup | null {
  if (!mayAct && roles.length === 0) return null;
  return html`<section aria-labelledby="roles">
    <h2 id="roles">Who does what</h2>
    ${
      roles.length === 0
        ? html`<p class="none">Nobody has a role yet.</p>`
        : html`<ul class="plain">
            ${roles.map(({ role, name }) => html`<li><b>${roleWords[role]}</b> ${name}</li>`)}
          </ul>`
    }
    ${
      mayAct
        ? html`<details>
            <summary>Give somebody a role</summary>
            <form class="stacked" method="post" action="/incidents/${incident.id}/roles">
              <label
                >Role
                <select name="role">
                  ${incidentRoles.map((role) => html`<option value="${role}">${roleWords[role]}</option>`)}
                </select>
              </label>
              <label>Name; empty: nobody <input name="name" maxlength="${longestName}" autocomplete="off" /></label>
              <button>Assign</button>
            </form>
          </details>`
        : null
    }
  </section>`;
}

function hypothesesSection({ incident, hypotheses, changes, mayAct, clock }: IncidentInput): Markup | null {
  if (!mayAct && hypotheses.length === 0) return null;
  return html`<section aria-labelledby="hypotheses">
    <h2 id="hypotheses">What it may come from</h2>
    <ul class="plain">
      ${hypotheses.map(
        (one) =>
          html`<li>
            <span class="badge ${one.state}">${one.state}</span> <b>${one.title}</b>
            <span class="note"
              >since ${clock.time(one.since_ms)}, by
              ${one.suspected_by}${one.suspected_why === '' ? '' : `: ${one.suspected_why}`}</span
            >
            ${
              one.decided_ms === null
                ? null
                : html`<span class="note"
                    >${one.state} at ${clock.time(one.decided_ms)}, by ${one.decided_by}: ${one.decided_why}</span
                  >`
            }
            ${
              mayAct && one.state !== 'exonerated'
                ? html`<form class="inline" method="post" action="/incidents/${incident.id}/hypotheses/${one.id}">
                    <label>Why <input name="why" required maxlength="${longestReason}" /></label>
                    <button name="state" value="exonerated">Exonerate</button>
                    ${one.state === 'suspected' ? html`<button name="state" value="confirmed">Confirm</button>` : null}
                  </form>`
                : null
            }
          </li>`,
      )}
    </ul>
    ${
      mayAct
        ? html`<details>
            <summary>Suspect something</summary>
            <form class="stacked" method="post" action="/incidents/${incident.id}/hypotheses">
              <label>What <input name="title" required maxlength="${longestReason}" /></label>
              ${
                changes.length === 0
                  ? null
                  : html`<label
                      >The change that is meant
                      <select name="changeId">
                        <option value="">none</option>
                        ${changes.map((change) => html`<option value="${change.id}">${changeWords(change)}</option>`)}
                      </select>
                    </label>`
              }
              <label>Why <input name="why" maxlength="${longestReason}" /></label>
              <button>Suspect</button>
            </form>
          </details>`
        : null
    }
  </section>`;
}

function changeWords({ time_ms: timeMs, kind, summary }: ChangeRow): string {
  const text = `${utc(timeMs)} ${kind}: ${summary}`;
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function noteForm({ id }: ListedIncident): Markup {
  return html`<form class="stacked" method="post" action="/incidents/${id}/notes">
    <label>Note <textarea name="text" rows="3" required maxlength="${longestNote}"></textarea></label>
    <button>Write it on the timeline</button>
  </form>`;
}

function resolveSection({ id }: ListedIncident): Markup {
  return html`<section aria-labelledby="resolve">
    <h2 id="resolve">Resolve</h2>
    <p>It is resolved by itself a quarter of an hour after it stopped. While it goes on, a reason is needed.</p>
    <form class="stacked" method="post" action="/incidents/${id}/resolve">
      <label>Reason <input name="reason" maxlength="${longestReason}" /></label>
      <button>Resolve</button>
    </form>
  </section>`;
}
