import { longestReason } from '../../incident/desk.ts';
import { html } from '../html.ts';
import type { IncidentSection } from './section.ts';

/** A form to end it by hand. */
export const resolveSection: IncidentSection = async ({ incident: { id, resolved_ms: resolvedMs }, mayAct }) => {
  if (!mayAct || resolvedMs !== null) return null;
  return html`<section aria-labelledby="resolve">
    <h2 id="resolve">Resolve</h2>
    <p>It is resolved by itself a quarter of an hour after it stopped. While it goes on, a reason is needed.</p>
    <form class="stacked" method="post" action="/incidents/${id}/resolve">
      <label>Reason <input name="reason" maxlength="${longestReason}" /></label>
      <button>Resolve</button>
    </form>
  </section>`;
};
