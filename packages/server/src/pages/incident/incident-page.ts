/** The page of an incident: how it stands, and its sections in the order in which somebody who was woken up asks. */
import type { Cause } from '../../incident/cause.ts';
import { html, type Markup } from '../html.ts';
import { levelBadge, stateOf } from '../incident-list.ts';
import { timeToLimit } from '../services-page.ts';
import { verdictBadge } from '../wording.ts';
import { attributionSection } from './attribution.ts';
import { commitsSection } from './commits.ts';
import { culpritSection } from './culprit.ts';
import { escalationSection } from './escalation.ts';
import { hypothesesSection } from './hypotheses.ts';
import { impactSection } from './impact.ts';
import { responseSection } from './response.ts';
import { resolveSection } from './resolve.ts';
import { rolesSection } from './roles.ts';
import type { IncidentSection, IncidentView } from './section.ts';
import { signalsSection } from './signals.ts';
import { timelineSection } from './timeline.ts';

const sections: readonly IncidentSection[] = [
  culpritSection,
  attributionSection,
  commitsSection,
  responseSection,
  impactSection,
  signalsSection,
  escalationSection,
  rolesSection,
  hypothesesSection,
  timelineSection,
  resolveSection,
];

const causeWords: Readonly<Record<Cause, string>> = {
  memory: 'memory runs out',
  open: 'not known yet',
  elsewhere: 'elsewhere; memory is well',
};

/** An incident: what it is about, how it stands now, and what its sections have to say. */
export async function incidentPage(view: IncidentView): Promise<Markup> {
  const { incident, service, state, problem, nowMs } = view;
  const parts: (Markup | null)[] = [];
  for (const section of sections) parts.push(await section(view));
  return html`<p class="crumb"><a href="/incidents">Incidents</a></p>
    <h1>${incident.summary}</h1>
    ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
    <p class="lead">${levelBadge(incident)} ${stateOf(incident, nowMs)}</p>
    <p><a href="/incidents/${incident.id}/postmortem">Postmortem</a></p>
    <p>
      Cause: ${causeWords[incident.cause]}.
      ${
        service === undefined
          ? null
          : html`Now:
              <a href="/services/${service.id}">${service.name}</a>
              ${state === undefined ? 'is not heard of any more' : html`${verdictBadge(state.verdict)} ${timeToLimit(state)}`}`
      }
    </p>
    ${parts}`;
}
