import type { Escalation } from '../oncall/escalation/respond.ts';
import type { PageRow } from '../oncall/tables.ts';
import { html, type Markup } from './html.ts';
import { timeElement, utc } from './wording.ts';

/** What the section of an incident's page shows. */
export interface EscalationInput {
  incidentId: number;
  isOpen: boolean;
  /** Undefined where nobody was paged, and nobody has acknowledged. */
  found: Escalation | undefined;
  /** Whether the reader may acknowledge. */
  mayAct: boolean;
  nowMs: number;
}

const mostPages = 20;
const pageWords: Readonly<Record<PageRow['state'], string>> = {
  waiting: 'on its way',
  told: 'told',
  unreached: 'not reached',
  cancelled: 'not needed any more',
};

/** Who is paged, who has acknowledged, and the button to do so. */
export function escalationSection({ incidentId, isOpen, found, mayAct, nowMs }: EscalationInput): Markup | null {
  const button =
    isOpen && mayAct && found?.row.state !== 'acknowledged'
      ? html`<form method="post" action="/incidents/${incidentId}/acknowledge">
          <button class="main">Acknowledge</button>
        </form>`
      : null;
  if (found === undefined && button === null) return null;
  return html`<section aria-labelledby="paging">
    <h2 id="paging">Who is on it</h2>
    <p>${found === undefined ? 'Nobody is paged, and nobody has acknowledged.' : stateWords(found)}</p>
    ${button}
    ${
      found === undefined || found.pages.length === 0
        ? null
        : html`<ul class="rows">
            ${found.pages.slice(0, mostPages).map(
              ({ person, why, created_ms: createdMs, state }) =>
                html`<li class="row">
                  <div class="name">${person}</div>
                  <div>${why}</div>
                  <div>${pageWords[state]}</div>
                  <div class="note">${timeElement(createdMs, nowMs)}</div>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}

function stateWords({ row: { state, holder, due_ms: dueMs, step, policy } }: Escalation): string {
  const due = dueMs === null ? '' : utc(dueMs);
  if (state === 'acknowledged') return `${holder ?? 'Somebody'} has acknowledged it, until ${due}.`;
  if (state === 'muted') return 'Nobody is paged: it is silenced.';
  if (state === 'over') return 'Nobody is paged any more.';
  if (state === 'exhausted')
    return `Nobody has acknowledged. It begins anew ${due === '' ? 'when somebody is named' : `at ${due}`}.`;
  const by = policy === null ? '' : ` of ${policy}`;
  return `Nobody has acknowledged yet: step ${Math.max(0, step) + 1}${by}${due === '' ? '' : `, the next one at ${due}`}.`;
}
