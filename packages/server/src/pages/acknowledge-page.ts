import { html, type Markup } from './html.ts';

/** The page behind a link of a page: looking at it changes nothing, the button does. */
export function acknowledgePage({ link, person, summary }: { link: string; person: string; summary: string }): Markup {
  return html`<h1>${summary}</h1>
    <p class="lead">Acknowledge as ${person}: nobody else is paged while you are on it.</p>
    <form method="post" action="/acknowledgements">
      <input type="hidden" name="link" value="${link}" />
      <button class="main">Acknowledge</button>
    </form>`;
}

/** What came of it. */
export function acknowledgedPage({
  summary,
  text,
  incidentId,
}: {
  summary: string;
  text: string;
  incidentId: number;
}): Markup {
  return html`<h1>${summary}</h1>
    <p class="lead" role="status">${text}</p>
    <p><a href="/incidents/${incidentId}">The incident</a></p>`;
}
