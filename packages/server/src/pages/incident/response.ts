/** What can be done about it, and what was: plans that are shown before anything is ordered, orders, and what came of them. */
import { changesVersion, type ActionKind, type ActionStep } from '../../response/action.ts';
import { planName, type Plan } from '../../response/plan.ts';
import type { ActionRow } from '../../response/tables.ts';
import { proofOn } from '../../attribution/action-proof.ts';
import type { ToldAttribution } from '../../attribution/told.ts';
import { longestReason } from '../../incident/desk.ts';
import { html, type Markup } from '../html.ts';
import type { IncidentSection, IncidentView } from './section.ts';

const mostActions = 20;
const mostSteps = 20;

const kindWords: Readonly<Record<ActionKind, string>> = {
  restart: 'Restart its processes, one after the other',
  rollback: 'Roll back',
  rollforward: 'Roll forward to a fixed version',
  'raise-limit': 'Restart with a larger heap',
  trim: 'Have its processes give freed memory back',
  shed: 'Shed a route',
  'switch-off': 'Switch off a flag',
};

/** The section. */
export const responseSection: IncidentSection = async (view) => {
  const { context, incident, service, mayAct } = view;
  const actions = await context.response.actions.list({ incidentId: incident.id, most: mostActions });
  const kinds = service === undefined || incident.resolved_ms !== null ? [] : context.response.allowed(service);
  if (actions.length === 0 && kinds.length === 0) return null;
  const told = await context.attributions.find(incident.id);
  return html`<section aria-labelledby="response">
    <h2 id="response">What can be done</h2>
    ${kinds.length === 0 || !mayAct ? null : await choices(view, kinds, told)}
    ${
      actions.length === 0
        ? html`<p class="none">Nothing was ordered yet.</p>`
        : html`<ol class="rows">
            ${actions.map((action) => actionRow(action, view, told))}
          </ol>`
    }
    ${recoveries(told)}
  </section>`;
};

/** A dry run is asked for first; the order stands below what it says. */
async function choices(
  view: IncidentView,
  kinds: readonly ActionKind[],
  told: ToldAttribution | null,
): Promise<Markup> {
  const { context, incident, asked } = view;
  const plan =
    asked === null || !kinds.includes(asked.kind)
      ? null
      : await context.response.plan({ serviceId: incident.service_id, ...asked }, view.orderer);
  return html`${kinds.map(
    (kind) =>
      html`<form class="inline" method="get" action="/incidents/${incident.id}#response">
        <input type="hidden" name="plan" value="${kind}" />
        ${fieldFor(kind, told)}
        <button>${kindWords[kind]}: what would it do?</button>
      </form>`,
  )}
  ${plan === null ? null : planBlock(plan, incident.id)}`;
}

function fieldFor(kind: ActionKind, told: ToldAttribution | null): Markup | null {
  if (changesVersion(kind))
    return html`<label
      >Version
      <input name="version" required maxlength="200" value="${kind === 'rollback' ? (told?.rollBackTo ?? '') : ''}" />
    </label>`;
  if (kind === 'shed')
    return html`<label>Route <input name="subject" required maxlength="300" placeholder="POST /login" /></label>`;
  return kind === 'switch-off' ? html`<label>Flag <input name="subject" required maxlength="300" /></label>` : null;
}

function planBlock(plan: Plan, incidentId: number): Markup {
  const { kind, service, version, subject, advice, steps, refusals, serving, leastServing, budget, allowed } = plan;
  const given = changesVersion(kind) ? version : kind === 'raise-limit' ? null : subject;
  return html`<article class="finding">
    <h3>${planName(plan)} (${service}): nothing is done yet</h3>
    ${advice.map((line) => html`<p><b>${line}</b></p>`)}
    <ol>
      ${steps.map((step) => html`<li>${step}</li>`)}
    </ol>
    <p class="note">
      ${serving} serve now, and ${leastServing} must all the
      time.${budget === null ? null : html` ${budget.used} of ${budget.of} actions of the budget are used.`}
    </p>
    ${refusals.map((line) => html`<p class="problem">${line}</p>`)}
    ${
      allowed
        ? html`<form class="stacked" method="post" action="/incidents/${incidentId}/actions">
            <input type="hidden" name="kind" value="${kind}" />
            ${given === null ? null : html`<input type="hidden" name="${changesVersion(kind) ? 'version' : 'subject'}" value="${given}" />`}
            <label>Why <input name="why" required maxlength="${longestReason}" /></label>
            <button>Order it</button>
          </form>`
        : null
    }
  </article>`;
}

const badges: Readonly<Record<ActionRow['state'], string>> = {
  ordered: 'warming',
  running: 'warming',
  done: 'clean',
  failed: 'leak',
  unclear: 'leak',
  cancelled: '',
};

function actionRow(action: ActionRow, { clock, incident, mayAct }: IncidentView, told: ToldAttribution | null): Markup {
  const { id, kind, state, version, subject, why, ordered_by: by, automatic, runner, outcome } = action;
  const targets = JSON.parse(action.targets) as Plan['targets'];
  const steps = JSON.parse(action.steps) as ActionStep[];
  const proof = proofOn(action);
  const isPending = state === 'ordered' || state === 'running';
  const after = told?.changes.findLast(
    (change) =>
      change.recovery !== null && version !== null && change.version === version && change.timeMs >= action.ordered_ms,
  );
  return html`<li class="change">
    <p>
      <span class="badge ${badges[state]}">${state}</span>
      <b>${planName({ kind, version, subject, targets })}</b>
    </p>
    <p>
      Ordered ${clock.time(action.ordered_ms, true)} by ${by}${automatic === 1 ? ', by itself' : ''}: ${why}
      ${runner === null ? null : html`<span class="note">carried out by ${runner}</span>`}
    </p>
    ${
      steps.length === 0
        ? null
        : html`<details ${isPending ? 'open' : ''}>
            <summary>${steps.length} of ${Math.max(steps.length, targets.length)} steps</summary>
            <ol>
              ${steps.slice(-mostSteps).map(({ atMs, text }) => html`<li>${clock.time(atMs)} ${text}</li>`)}
            </ol>
          </details>`
    }
    ${action.stop_reason === null || !isPending ? null : html`<p class="problem">It is to stop: ${action.stop_reason}</p>`}
    ${outcome === null ? null : html`<p>${action.ended_ms === null ? '' : clock.time(action.ended_ms)} ${outcome}</p>`}
    ${proof === null ? null : html`<p><b>${proof.sentence}</b></p>`}
    ${after?.recovery == null ? null : html`<p><b>${after.recovery.sentence}</b></p>`}
    ${
      isPending && mayAct
        ? html`<form class="inline" method="post" action="/incidents/${incident.id}/actions/${id}/stop">
            <button>Stop it</button>
          </form>`
        : null
    }
  </li>`;
}

/** Whether what was done helped, with the interval, also of what others did. */
function recoveries(told: ToldAttribution | null): Markup | null {
  const all = (told?.changes ?? []).flatMap(({ recovery }) => recovery ?? []);
  const last = all.at(-1);
  return last === undefined ? null : html`<p class="lead">${last.sentence}</p>`;
}
