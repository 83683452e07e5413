import { impactOf } from '../../incident/impact-keeper.ts';
import { percent } from '../../signals/from-agents.ts';
import { html, type Content } from '../html.ts';
import { table } from '../table.ts';
import { utc } from '../wording.ts';
import type { IncidentSection } from './section.ts';

/** Who is met, by route. */
export const impactSection: IncidentSection = async ({ context, incident, nowMs }) => {
  const impact = await impactOf(context.routes, incident, nowMs);
  if (impact === null) return null;
  const rows = impact.routes.map(({ route, requestShare, slow, failed, clientShare, fromMs, toMs }): Content[] => [
    route,
    percent(requestShare),
    whole(slow),
    whole(failed),
    clientShare === null ? 'not counted' : percent(clientShare),
    html`${utc(fromMs)} <span class="note">to ${utc(toMs)}</span>`,
  ]);
  return html`<section aria-labelledby="impact">
    <h2 id="impact">Who is met</h2>
    <p>${impact.sentence}.</p>
    ${
      rows.length === 0
        ? null
        : table('impact', ['Route', 'Of its requests', 'Slow', 'Failed', 'Of its clients', 'From'], rows)
    }
  </section>`;
};

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
