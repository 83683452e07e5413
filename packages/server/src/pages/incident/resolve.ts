import { proofOn } from '../../attribution/action-proof.ts';
import { longestReason } from '../../incident/desk.ts';
import { html } from '../html.ts';
import type { IncidentSection, IncidentView } from './section.ts';

const mostActions = 20;

/** A form to end it by hand, with what speaks for that: only where the last thing that was done is proven to have helped. */
export const resolveSection: IncidentSection = async (view) => {
  const { incident, mayAct } = view;
  if (!mayAct || incident.resolved_ms !== null) return null;
  const suggestion = await suggestionOf(view);
  return html`<section aria-labelledby="resolve">
    <h2 id="resolve">Resolve</h2>
    ${suggestion === null ? null : html`<p class="lead">It can be resolved: ${suggestion}</p>`}
    <p>It is resolved by itself a quarter of an hour after it stopped. While it goes on, a reason is needed.</p>
    <form class="stacked" method="post" action="/incidents/${incident.id}/resolve">
      <label>Reason <input name="reason" maxlength="${longestReason}" /></label>
      <button>Resolve</button>
    </form>
  </section>`;
};

/** What the last action came to that something is known of, if that suggests it. */
async function suggestionOf({ context, incident }: IncidentView): Promise<string | null> {
  const told = await context.attributions.find(incident.id);
  const actions = await context.response.actions.list({ incidentId: incident.id, most: mostActions });
  const known = [
    ...(told?.changes ?? []).flatMap(({ recovery }) => recovery ?? []),
    ...actions.flatMap((action) => {
      const proof = proofOn(action);
      return proof === null ? [] : [{ ...proof, timeMs: action.started_ms ?? action.ordered_ms }];
    }),
  ].sort((a, b) => a.timeMs - b.timeMs);
  const last = known.at(-1);
  return last?.suggestsResolving === true ? last.sentence : null;
}
