import { longestNote } from '../../incident/desk.ts';
import { html, type Markup } from '../html.ts';
import type { IncidentSection } from './section.ts';

/** What happened, in the order of time, and a form for what people have to add. */
export const timelineSection: IncidentSection = async ({ context, incident, mayAct, clock }) => {
  const timeline = await context.incidents.timeline(incident.id);
  return html`<section aria-labelledby="timeline">
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
    ${mayAct ? noteForm(incident) : null}
  </section>`;
};

function noteForm({ id }: { id: number }): Markup {
  return html`<form class="stacked" method="post" action="/incidents/${id}/notes">
    <label>Note <textarea name="text" rows="3" required maxlength="${longestNote}"></textarea></label>
    <button>Write it on the timeline</button>
  </form>`;
}
