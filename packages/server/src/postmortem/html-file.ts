/** A postmortem as a page of its own, to be sent or kept: style and figures are in it, scripts are not. */
import { html, Markup } from '../pages/html.ts';
import { markdownToHtml } from './to-html.ts';

const style = `body{font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;max-width:860px;margin:0 auto;padding:24px}
h1,h2{line-height:1.25}table{border-collapse:collapse;font-size:15px}th,td{text-align:left;vertical-align:top;padding:4px 14px 4px 0;border-bottom:1px solid #d9dde1}
td:not(:last-child){white-space:nowrap}td:last-child{min-width:24ch;overflow-wrap:anywhere}.scroll,.figure{display:block;overflow-x:auto}code{font-size:14px;overflow-wrap:anywhere}`;

/** The page, from the Markdown of the postmortem. */
export function htmlFile(title: string, markdown: string, figures: Readonly<Record<string, string>>): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        ${new Markup(markdownToHtml(markdown, figures))}
      </body>
    </html> `.toString();
}
