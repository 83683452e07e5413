import { longestReason } from '../../incident/desk.ts';
import { changesBeforeMs } from '../../incident/notes.ts';
import type { ChangeRow } from '../../store/schema.ts';
import { html } from '../html.ts';
import { utc } from '../wording.ts';
import type { IncidentSection } from './section.ts';

/** Changes that may be suspected, the newest. */
const mostChanges = 20;

/** What it may come from, as people and Ebb suspect, confirm and exonerate it. */
export const hypothesesSection: IncidentSection = async ({ context, incident, mayAct, clock, nowMs }) => {
  const hypotheses = await context.desk.hypotheses(incident.id);
  if (!mayAct && hypotheses.length === 0) return null;
  const changes = await context.changes.list({
    ...{ serviceId: incident.service_id, fromMs: incident.opened_ms - changesBeforeMs },
    ...{ toMs: incident.resolved_ms ?? nowMs + 1, most: mostChanges },
  });
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
};

function changeWords({ time_ms: timeMs, kind, summary }: ChangeRow): string {
  const text = `${utc(timeMs)} ${kind}: ${summary}`;
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
