import type { Caller } from '../access/caller.ts';
import { html, type Content, type Markup } from './html.ts';

/** What stands around a page. */
export interface Frame {
  title: string;
  /** Null before somebody has logged in. */
  caller: Caller | null;
  /** The part of the page that is marked in the navigation. */
  part: 'services' | 'incidents' | 'oncall' | 'users' | null;
  content: Content;
  /** Whether the page shows what changes by itself: its script follows the server's events. */
  live: boolean;
  assets: AssetPaths;
}

/** Where style and script are, each with a name that changes with its content. */
export interface AssetPaths {
  style: string;
  script: string;
}

/** A whole page. */
export function layout({ title, caller, part, content, live, assets }: Frame): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – Ebb</title>
        <link rel="stylesheet" href="${assets.style}" />
        <link rel="icon" href="data:," />
        ${live ? html`<script type="module" src="${assets.script}"></script>` : null}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${caller === null ? null : header(caller, part)}
        <main id="content">${content}</main>
        ${live ? html`<p class="live" role="status" hidden></p>` : null}
      </body>
    </html> `;
  return page.toString();
}

function header({ name, role }: Caller, part: Frame['part']): Markup {
  const link = (path: string, name: NonNullable<Frame['part']>, text: string): Markup =>
    html`<a href="${path}" ${name === part ? html`aria-current="page"` : null}>${text}</a>`;
  return html`<header>
    <nav aria-label="Ebb">
      ${link('/', 'services', 'Services')} ${link('/incidents', 'incidents', 'Incidents')}
      ${link('/oncall', 'oncall', 'On call')} ${role === 'admin' ? link('/users', 'users', 'Users') : null}
      <a href="/api/v1/docs">API</a>
    </nav>
    <form method="post" action="/logout">
      <span class="who">${name}</span>
      <button>Log out</button>
    </form>
  </header>`;
}
