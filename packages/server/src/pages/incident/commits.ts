import type { ToldCommit } from '../../attribution/commits.ts';
import { html, type Markup } from '../html.ts';
import { utc } from '../wording.ts';
import type { IncidentSection } from './section.ts';

const mostShown = 5;

/** The commits that may have brought it, the most telling first; nothing while nobody has looked. */
export const commitsSection: IncidentSection = async ({ context, incident }) => {
  const told = await context.commits.find(incident.id);
  if (told === null) return null;
  const { from, to, commits, owners, notes } = told;
  return html`<section aria-labelledby="commits">
    <h2 id="commits">Which commit</h2>
    <p>
      ${from === null ? html`Up to ${to.name}; which version did not grow is not known.` : html`Between ${from.name}, which did not grow, and ${to.name}.`}
      ${owners.length === 0 ? null : html`Owner: <b>${owners.join(', ')}</b>.`}
    </p>
    ${notes.map((note) => html`<p class="note">${note}</p>`)}
    ${
      commits.length === 0
        ? html`<p class="none">No commit of this history touched it.</p>`
        : html`<ol class="rows">
            ${commits.slice(0, mostShown).map(commitRow)}
          </ol>`
    }
    <p class="note">A rank is a reason to look, and no proof.</p>
  </section>`;
};

function commitRow(one: ToldCommit): Markup {
  const { commit, subject, author, coAuthors, committedMs, reasons, isBetween, url, pullRequest } = one;
  const id = html`<code>${commit.slice(0, 12)}</code>`;
  const request = pullRequest === null ? null : `pull request #${pullRequest.number}`;
  return html`<li class="change">
    <p>
      ${url === null ? id : html`<a href="${url}">${id}</a>`} <b>${subject}</b>
      ${isBetween === false ? html`<span class="badge clean">was there before</span>` : null}
    </p>
    <p>
      ${[author, ...coAuthors].join(', ')},
      <time datetime="${new Date(committedMs).toISOString()}">${utc(committedMs)}</time>
      ${request === null ? null : pullRequest?.url == null ? request : html`<a href="${pullRequest.url}">${request}</a>`}
      ${pullRequest?.mergedBy == null ? null : html`<span class="note">merged by ${pullRequest.mergedBy}</span>`}
    </p>
    <ul class="plain">
      ${reasons.map((reason) => html`<li>${reason}</li>`)}
    </ul>
  </li>`;
}
