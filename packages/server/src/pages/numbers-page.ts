import type { AllNumbers, IncidentNumbers, Took } from '../postmortem/numbers.ts';
import { duration } from '../postmortem/sections/words.ts';
import type { ActionItemRow } from '../postmortem/tables.ts';
import { html, type Content, type Markup } from './html.ts';
import { table } from './table.ts';
import { count } from './wording.ts';

/** What the page of numbers shows. */
export interface NumbersInput {
  numbers: AllNumbers;
  /** Of the last so many days. */
  days: number;
  /** Action items that are open, those that are due first. */
  items: readonly ActionItemRow[];
  nowMs: number;
}

const spans = [30, 90, 365];
const columns = ['Incidents', 'Detect', 'Acknowledge', 'Mitigate', 'Resolve', 'Wrong lead', 'Came back', 'For nothing'];
const mostItems = 50;

/** How incidents went, by service and team, what came back, and what is still to be done. */
export function numbersPage({ numbers, days, items, nowMs }: NumbersInput): Markup {
  const { all, services, teams, repeatedLeaks } = numbers;
  return html`<p class="crumb"><a href="/incidents">Incidents</a></p>
    <h1>${count(all.incidents, 'incident')} in ${days} days</h1>
    <p class="note">
      ${spans.map(
        (span) =>
          html`<a href="/incidents/numbers?days=${span}" ${span === days ? html`aria-current="page"` : null}
            >${span} days</a
          > `,
      )}
    </p>
    <p>
      Medians, with the longest below. Detect counts from what was measured first, the others from when it was detected.
      Wrong lead is the time on what was not the cause; came back are leaks that were found in an earlier incident; for
      nothing somebody was told, nobody did anything, and it went by itself.
    </p>
    ${section('numbers-all', 'All', 'Of', [['all services', all]])}
    ${section('numbers-services', 'By service', 'Service', Object.entries(services))}
    ${section('numbers-teams', 'By team', 'Team', Object.entries(teams))}
    ${
      repeatedLeaks.length === 0
        ? null
        : html`<section aria-labelledby="repeated">
            <h2 id="repeated">Leaks that came back</h2>
            <ul class="plain">
              ${repeatedLeaks.map(
                ({ fingerprint, incidents, services: where }) =>
                  html`<li>
                    <code>${fingerprint}</code>
                    <span class="note">in ${count(incidents, 'incident')} of ${where.join(', ')}</span>
                  </li>`,
              )}
            </ul>
          </section>`
    }
    <section aria-labelledby="open-items">
      <h2 id="open-items">Action items that are open</h2>
      ${
        items.length === 0
          ? html`<p class="none">There is none.</p>`
          : html`<ul class="plain">
              ${items.slice(0, mostItems).map((item) => itemLine(item, nowMs))}
            </ul>`
      }
    </section>`;
}

function section(
  id: string,
  title: string,
  whose: string,
  groups: readonly (readonly [string, IncidentNumbers])[],
): Markup | null {
  if (groups.length === 0) return null;
  const rows = groups.map(([name, numbers]): Content[] => [
    name,
    numbers.incidents,
    took(numbers.detect, numbers),
    took(numbers.acknowledge, numbers),
    took(numbers.mitigate, numbers),
    took(numbers.resolve, numbers),
    took(numbers.wrongHypothesis, numbers),
    numbers.repeats,
    numbers.ledToNothing,
  ]);
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${table(id, [whose, ...columns], rows)}
  </section>`;
}

/** What is not known in every incident says so. */
function took({ medianMs, longestMs, known }: Took, { incidents }: IncidentNumbers): Content {
  if (medianMs === null || longestMs === null) return html`<span class="none">not known</span>`;
  const notes = [
    ...(longestMs === medianMs ? [] : [`longest ${duration(longestMs)}`]),
    ...(known === incidents ? [] : [`in ${known} of ${incidents}`]),
  ];
  return html`${duration(medianMs)} ${notes.length === 0 ? null : html`<span class="note">${notes.join(', ')}</span>`}`;
}

function itemLine(item: ActionItemRow, nowMs: number): Markup {
  const due = new Date(item.due_ms).toISOString().slice(0, 10);
  return html`<li>
    <a href="/incidents/${item.incident_id}/postmortem#action-items">${item.title}</a>
    ${item.due_ms <= nowMs ? html`<span class="badge warning">due</span>` : null}
    <span class="note">${item.kind}, ${item.owner === '' ? 'nobody has it' : item.owner}, until ${due}</span>
  </li>`;
}
