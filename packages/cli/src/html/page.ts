import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Finding, FindingsReport, HeapContents } from '@ebb/heap';
import { bytes, count } from '../wording/quantities.ts';
import { contentsSection } from './contents-section.ts';
import { findingSection } from './finding-section.ts';
import { html, ownElement, shown, type Markup } from './markup.ts';
import type { SourceExcerpt } from './source-excerpt.ts';
import { STYLE } from './style.ts';
import { bytesCell, countCell, tableSection, textCell } from './table.ts';
import { treemapSection } from './treemap.ts';

/** What the page is made of. */
export interface PageInput {
  readonly report: FindingsReport;
  /** What the last snapshot holds beside the findings. */
  readonly contents: HeapContents | null;
  /** When the page is made. */
  readonly at: Date;
  readonly excerpt: SourceExcerpt;
}

/**
 * The whole report as one HTML file: findings, treemap, tables. It loads nothing from anywhere, and its policy lets
 * nothing else run than the one script in it; without that script everything but the drawn treemap is there.
 */
export function renderPage({ report, contents, at, excerpt }: PageInput): string {
  const script = pageScript();
  const last = report.snapshots.at(-1);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy(script, STYLE)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <title>${headline(report)} – Ebb</title>
        ${ownElement('style', STYLE)}
      </head>
      <body>
        <header>
          <h1>${headline(report)}</h1>
          <p class="about">${about(report)}</p>
        </header>
        <main>
          ${lostNote(report)} ${contentsList(report.findings)}
          ${report.findings.length === 0 ? html`<p>${nothingFound(report)}</p>` : null}
          ${report.findings.map((finding, index) => findingSection(finding, index + 1, last?.heapBytes ?? 0, excerpt))}
          ${contents === null ? null : treemapSection(contents.treemap)}
          ${contents === null ? null : contentsSection(contents)} ${snapshotTable(report)}
        </main>
        <footer>
          <p>
            Made by <code>ebb analyze</code> on ${at.toISOString().replace('T', ' ').slice(0, 16)} UTC. It holds names,
            files and lines of code, and no contents of strings.
          </p>
        </footer>
        ${ownElement('script', script)}
      </body>
    </html> `;
  return page.toString();
}

/** `2 leaks`, `1 suspect`, `Nothing leaks`. */
function headline({ findings, snapshots }: FindingsReport): string {
  const told = (['leak', 'suspect', 'bounded'] as const).flatMap((verdict) => {
    const many = findings.filter((finding) => finding.verdict === verdict).length;
    if (many === 0) return [];
    if (verdict === 'bounded') return [`${many} within a bound`];
    return [`${many} ${verdict}${many === 1 ? '' : 's'}`];
  });
  if (told.length === 0) return snapshots.length > 1 ? 'Nothing leaks' : 'Nothing dominates this heap';
  return told.join(', ');
}

/** What cut-off files had lost comes first: all else is told without it. */
function lostNote({ snapshots }: FindingsReport): Markup {
  const notes = snapshots.flatMap(({ file, lost = [] }) =>
    lost.map((what) => html`<p><code>${shown(file)}</code>: ${shown(what)}</p>`),
  );
  return notes.length === 0 ? html`` : html`<div class="lost" role="note">${notes}</div>`;
}

/** Where each finding stands; for two nobody needs a list. */
function contentsList(findings: readonly Finding[]): Markup {
  if (findings.length < 3) return html``;
  const items = findings.map(
    ({ subject, retainedBytes }, index) =>
      html`<li><a href="#finding-${index + 1}">${shown(subject)}</a>, ${bytes(retainedBytes)}</li>`,
  );
  return html`<nav class="findings" aria-label="Findings">
    <ol>
      ${items}
    </ol>
  </nav>`;
}

function nothingFound({ snapshots }: FindingsReport): string {
  return snapshots.length > 1
    ? 'Nothing grew from each snapshot to the next and stayed.'
    : 'Nothing dominates this heap in many pieces. Two or more snapshots of one process, taken with work between them, show what grows.';
}

function about({ snapshots }: FindingsReport): string {
  const sizes = snapshots.map(({ heapBytes }) => bytes(heapBytes)).join(' → ');
  return snapshots.length === 1
    ? `1 snapshot, ${sizes}, ${count(snapshots[0]?.objects ?? 0)} objects. One snapshot shows what dominates; whether it grows takes two or more.`
    : `${snapshots.length} snapshots of one process, ${sizes}`;
}

function snapshotTable({ snapshots }: FindingsReport): Markup {
  const rows = snapshots.map(({ file, fileBytes, objects, heapBytes }, index) => [
    countCell(index + 1),
    textCell(file === '-' ? 'standard input' : html`<code>${shown(file)}</code>`),
    bytesCell(fileBytes),
    countCell(objects),
    bytesCell(heapBytes),
  ]);
  return tableSection({
    title: snapshots.length === 1 ? 'Snapshot' : 'Snapshots',
    lead: snapshots.length === 1 ? '' : 'Oldest first. Treemap and tables are of the last.',
    columns: ['No.', 'File', 'File size', 'Objects', 'Heap'],
    rows,
    sortedBy: null,
  });
}

/** What may run and what may be loaded: this script, this style, and nothing else. */
function policy(script: string, style: string): string {
  return `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The page's own script: d3-hierarchy and the compiled files of `script/`, each in a scope of its own. */
function pageScript(): string {
  const layout = new URL('d3-hierarchy.min.js', import.meta.resolve('d3-hierarchy'));
  const own = ['tables', 'treemap'].map((name) => new URL(`../../dist/html/script/${name}.js`, import.meta.url));
  const files = [layout, ...own].map((file) => readFileSync(file, 'utf8').replace(/^export \{\};$/mu, ''));
  return files.map((text) => `{\n${text}\n}`).join('\n');
}
