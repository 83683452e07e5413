import { html, type Markup } from './html.ts';

/** What went wrong, its code, and what to do next. */
export function problemPage({ message, code, next }: { message: string; code: string; next: string }): Markup {
  return html`<h1>That did not work</h1>
    <p class="problem" role="alert">${message} <code>${code}</code></p>
    <p>${next}</p>
    <p><a href="/">Services</a></p>`;
}
