import type { Clock } from '../incident/zone.ts';
import { sectionTitles } from '../postmortem/document.ts';
import type { ReadPostmortem } from '../postmortem/postmortem-desk.ts';
import { longestSection, type VersionInfo } from '../postmortem/postmortem-store.ts';
import { actionItemsSection, reviewSection, type AftermathInput } from './action-items.ts';
import { html, type Markup } from './html.ts';

/** What the page of a postmortem shows. */
export interface PostmortemInput {
  read: ReadPostmortem;
  /** The document as HTML, made safe. */
  content: Markup;
  /** The newest first. */
  versions: readonly VersionInfo[];
  /** What is to be done, and when people meet. */
  aftermath: AftermathInput;
  /** Whether the reader may write. */
  mayAct: boolean;
  problem: string | null;
  clock: Clock;
}

/** A postmortem: to read, to take along, and to write on. */
export function postmortemPage(input: PostmortemInput): Markup {
  const { read, content, versions, aftermath, mayAct, problem } = input;
  const base = `/api/v1/incidents/${read.incident.id}/postmortem`;
  const which = read.version === null ? '' : `?version=${read.version}`;
  return html`<p class="crumb">
      <a href="/incidents">Incidents</a> / <a href="/incidents/${read.incident.id}">${read.incident.summary}</a>
    </p>
    ${problem === null ? null : html`<p class="problem" role="alert">${problem}</p>`}
    <p class="note">
      Take it along: <a href="${base}.md${which}">Markdown</a>, <a href="${base}.html${which}">HTML</a>
    </p>
    <div class="document">${content}</div>
    ${actionItemsSection(aftermath)} ${reviewSection(aftermath)} ${mayAct ? editing(input) : null}
    ${
      versions.length === 0
        ? null
        : html`<section aria-labelledby="versions">
            <h2 id="versions">Versions</h2>
            <ul class="plain">
              ${versions.map(
                ({ version, createdMs, createdBy, why }) =>
                  html`<li>
                    <a href="/incidents/${read.incident.id}/postmortem?version=${version}">${version}</a>
                    <span class="note">${input.clock.time(createdMs, true)}, by ${createdBy}: ${why}</span>
                  </li>`,
              )}
            </ul>
          </section>`
    }`;
}

/** A form for each section: what somebody writes stays, whatever is measured later. */
function editing({ read, versions }: PostmortemInput): Markup {
  const path = `/incidents/${read.incident.id}/postmortem`;
  return html`<section aria-labelledby="write">
    <h2 id="write">Write on it</h2>
    <form method="post" action="${path}/refresh"><button>Write it anew from what is known now</button></form>
    ${read.document.sections.map(
      ({ id, markdown, editedBy }) =>
        html`<details>
          <summary>${sectionTitles[id]}${editedBy === null ? null : `, written by ${editedBy}`}</summary>
          <form class="wide" method="post" action="${path}">
            <input type="hidden" name="section" value="${id}" />
            <input type="hidden" name="after" value="${versions[0]?.version ?? 0}" />
            <label>
              Markdown
              <textarea name="text" rows="12" maxlength="${longestSection}">${`\n${markdown}`}</textarea>
            </label>
            <button name="what" value="write">Keep</button>
            ${editedBy === null ? null : html`<button name="what" value="return">Give it back to Ebb</button>`}
          </form>
        </details>`,
    )}
  </section>`;
}
