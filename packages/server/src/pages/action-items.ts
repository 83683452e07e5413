/** Action items and the review on the page of a postmortem. */
import type { Clock } from '../incident/zone.ts';
import { actionKinds, type ActionKind } from '../postmortem/action-kind.ts';
import type { ActionItemRow, ReviewRow } from '../postmortem/tables.ts';
import { html, type Markup } from './html.ts';

/** What both sections show. */
export interface AftermathInput {
  incidentId: number;
  items: readonly ActionItemRow[];
  review: ReviewRow | undefined;
  /** Of the incident's leak; null where none was found. */
  fingerprint: string | null;
  /** Whether the reader may write. */
  mayAct: boolean;
  clock: Clock;
}

const kindWords: Readonly<Record<ActionKind, string>> = {
  lint: 'a lint rule (ebb review)',
  test: 'a memory test (ebb test)',
  soak: 'a soak test (ebb soak)',
  alert: 'an alert',
};
const badges: Readonly<Record<ActionItemRow['state'], string>> = { open: 'warning', proved: 'clean', dropped: '' };

/** What is to be done, who does it, and the forms for it. */
export function actionItemsSection(input: AftermathInput): Markup | null {
  const { incidentId, items, fingerprint, mayAct } = input;
  if (items.length === 0 && !mayAct) return null;
  return html`<section aria-labelledby="action-items">
    <h2 id="action-items">What is to be done</h2>
    ${
      items.length === 0
        ? html`<p class="none">There is no action item yet.</p>`
        : html`<ul class="plain">
            ${items.map((item) => itemEntry(item, mayAct))}
          </ul>`
    }
    ${
      mayAct
        ? html`<details>
            <summary>Add an action item</summary>
            <form class="stacked" method="post" action="/incidents/${incidentId}/postmortem/action-items">
              <label>What <input name="title" required maxlength="500" autocomplete="off" /></label>
              <label
                >It is proved by
                <select name="kind">
                  ${actionKinds.map((kind) => html`<option value="${kind}">${kindWords[kind]}</option>`)}
                </select>
              </label>
              <label>Owner <input name="owner" maxlength="100" autocomplete="off" /></label>
              <label>Due; empty: in four weeks <input name="due" type="date" /></label>
              <label>Link to a tracker <input name="tracker" type="url" maxlength="2000" /></label>
              <label
                >Fingerprint${fingerprint === null ? '' : '; empty: that of the leak'}
                <input name="fingerprint" maxlength="500" autocomplete="off" />
              </label>
              <button>Add</button>
            </form>
          </details>`
        : null
    }
  </section>`;
}

function itemEntry(item: ActionItemRow, mayAct: boolean): Markup {
  const { id, title, kind, state, proof, owner, fingerprint, tracker_url: tracker } = item;
  const due = dayOf(item.due_ms);
  const path = `/incidents/${item.incident_id}/postmortem/action-items/${id}`;
  return html`<li id="item-${id}">
    <span class="badge ${badges[state]}">${state}</span> ${title}
    <span class="note"
      >${id}: ${kindWords[kind]}, ${owner === '' ? 'nobody has it' : owner}, until
      ${due}${tracker === null ? null : html`, <a href="${tracker}" rel="noreferrer">tracker</a>`}</span
    >
    ${fingerprint === null ? null : html`<code class="note">${fingerprint}</code>`}
    ${proof === null ? null : html`<span class="note">${proof}</span>`}
    ${state === 'open' && mayAct ? itemForms(item, path) : null}
  </li>`;
}

function itemForms(item: ActionItemRow, path: string): Markup {
  return html`<details>
    <summary>Change, prove or drop it</summary>
    <form class="stacked" method="post" action="${path}">
      <label>Owner <input name="owner" maxlength="100" autocomplete="off" value="${item.owner}" /></label>
      <label>Due <input name="due" type="date" value="${dayOf(item.due_ms)}" /></label>
      <label
        >Link to a tracker <input name="tracker" type="url" maxlength="2000" value="${item.tracker_url ?? ''}"
      /></label>
      <button>Change</button>
    </form>
    <form class="wide" method="post" action="${path}/proof">
      <label
        >What the command printed (--json) where the leak is replayed
        <textarea name="document" rows="4" required></textarea>
      </label>
      <button>Prove</button>
    </form>
    <form class="stacked" method="post" action="${path}/drop">
      <label>Why it is given up <input name="why" required maxlength="500" autocomplete="off" /></label>
      <button>Drop</button>
    </form>
  </details>`;
}

/** When people meet, and the form that says so. */
export function reviewSection({ incidentId, review, mayAct, clock }: AftermathInput): Markup | null {
  if (review === undefined && !mayAct) return null;
  const attendees = review === undefined ? [] : (JSON.parse(review.attendees) as string[]);
  const dropped = review?.dropped_why ?? null;
  return html`<section aria-labelledby="review-time">
    <h2 id="review-time">The review</h2>
    ${
      review === undefined
        ? html`<p class="none">Nobody has said when it is.</p>`
        : html`<p>
            ${clock.time(review.starts_ms, true)}, ${review.minutes}
            minutes${attendees.length === 0 ? null : html`; invited: ${attendees.join(', ')}`}.
            <a href="/api/v1/incidents/${incidentId}/postmortem/review.ics">The invitation for calendars</a>
            ${dropped === null ? null : html`<strong>It is dropped: ${dropped}</strong>`}
          </p>`
    }
    ${
      mayAct
        ? html`<details>
            <summary>${review === undefined ? 'Say when it is' : 'Move it, or invite others'}</summary>
            <form class="stacked" method="post" action="/incidents/${incidentId}/postmortem/review">
              <label
                >When (UTC)
                <input
                  name="starts"
                  type="datetime-local"
                  required
                  value="${review === undefined ? '' : new Date(review.starts_ms).toISOString().slice(0, 16)}"
              /></label>
              <label
                >Minutes
                <input name="minutes" type="number" min="5" max="480" required value="${review?.minutes ?? 60}"
              /></label>
              <label
                >Addresses to invite, with commas
                <input name="attendees" maxlength="5000" autocomplete="off" value="${attendees.join(', ')}"
              /></label>
              <button>${review === undefined ? 'Say it' : 'Move it'}</button>
            </form>
            ${review === undefined || dropped !== null ? null : dropForm(incidentId)}
          </details>`
        : null
    }
  </section>`;
}

function dropForm(incidentId: number): Markup {
  return html`<form class="stacked" method="post" action="/incidents/${incidentId}/postmortem/review/drop">
    <label>Why it is dropped <input name="why" required maxlength="500" autocomplete="off" /></label>
    <button>Drop it</button>
  </form>`;
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
