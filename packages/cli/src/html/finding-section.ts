import { adviceOn, type Finding, type Location } from '@ebb/heap';
import { bytes, count } from '../wording/quantities.ts';
import { growthChart } from './growth-chart.ts';
import { breakable, html, shown, type Markup } from './markup.ts';
import { placeName, where, whereMarkup } from './places.ts';
import type { SourceExcerpt } from './source-excerpt.ts';

const VERDICTS = { leak: 'Leak', suspect: 'Suspect', bounded: 'Bounded' } as const;
/** Longer titles hold a name of their program's that is no name. */
const MOST_TITLE = 400;
const MOST_REMOVALS = 3;
const MOST_CODE = 300;

/** One finding: what, how bad, where, in which lines, why. */
export function findingSection(finding: Finding, number: number, heapBytes: number, excerpt: SourceExcerpt): Markup {
  const id = `finding-${number}`;
  const { steps = [] } = finding;
  return html`<article class="finding ${finding.verdict}" aria-labelledby="${id}">
    <header>
      <p class="verdict">${VERDICTS[finding.verdict]}</p>
      <h2 id="${id}">${breakable(shown(finding.title, MOST_TITLE))}</h2>
    </header>
    <div class="bad">
      <dl class="figures">${figures(finding, heapBytes)}</dl>
      ${steps.length > 0 ? growthChart(steps) : null}
    </div>
    <h3>What holds it</h3>
    ${pathList(finding)}
    <h3>The lines</h3>
    ${addedLines(finding, excerpt)} ${removedLines(finding, excerpt)}
    <dl class="facts">${facts(finding)}</dl>
  </article>`;
}

function figures(finding: Finding, heapBytes: number): Markup[] {
  const share = heapBytes > 0 ? Math.round((100 * finding.retainedBytes) / heapBytes) : 0;
  const { growthBytes, growthCount } = finding;
  const rows: [string, string][] = [
    ['holds', `${bytes(finding.retainedBytes)}${share > 0 ? `, ${share} % of the heap` : ''}`],
  ];
  const { count: number, type } = finding.sample;
  if (number > 0) rows.push(['in', `${count(number)} × ${shown(type)}`]);
  else rows.push(['in', type === 'value' ? 'values that are no objects' : `a ${shown(type)}`]);
  if (growthBytes !== undefined) rows.push(['grew by', bytes(growthBytes)]);
  if (growthBytes !== undefined && growthCount !== undefined && growthCount > 0)
    rows.push(['each', bytes(growthBytes / growthCount)]);
  return rows.map(
    ([label, text]) =>
      html`<div>
        <dt>${label}</dt>
        <dd>${text}</dd>
      </div>`,
  );
}

function pathList({ path, holder }: Finding): Markup {
  const holderAt = path.findIndex((place) => place.reason === holder.reason);
  const stops = path.map((place, at) => {
    const isHolder = at === holderAt;
    return html`<li${isHolder ? html` class="holder"` : null}>
      <span class="stop"><code>${placeName(place, at === 0)}</code> ${whereMarkup(place.location)}</span>
      <span class="reason">${shown(place.reason)}</span>
    </li>`;
  });
  return html`<ol class="path">
    ${stops}
  </ol>`;
}

function addedLines({ insertedAt }: Finding, excerpt: SourceExcerpt): Markup {
  if (insertedAt === null) return html`<p class="none">The line that adds to it was not found.</p>`;
  return code('added', insertedAt, excerpt);
}

function removedLines({ removedAt }: Finding, excerpt: SourceExcerpt): Markup {
  if (removedAt === null) return html``;
  if (removedAt.length === 0) return html`<p class="none">Nothing in that file takes out of it.</p>`;
  const more = removedAt.length - MOST_REMOVALS;
  return html`${removedAt.slice(0, MOST_REMOVALS).map((location) => code('removed', location, excerpt))}
  ${more > 0 ? html`<p class="none">and in ${more} more ${more === 1 ? 'line' : 'lines'}</p>` : null}`;
}

function code(label: 'added' | 'removed', location: Location, excerpt: SourceExcerpt): Markup {
  const lines = excerpt(location);
  const name = `${label} at ${where(location)}`;
  const caption = html`<figcaption><span>${label}</span> ${whereMarkup(location)}</figcaption>`;
  if (lines === null) return html`<figure class="code">${caption}</figure>`;
  const indent = Math.min(
    ...lines.filter(({ text }) => text.trim() !== '').map(({ text }) => /^\s*/u.exec(text)?.[0].length ?? 0),
  );
  // No space between the lines: all of it shows in a <pre>.
  const rows = lines.map(({ number, text }) => {
    const told = shown(text.slice(indent).replace(/\t/gu, '  '), MOST_CODE);
    const row = html`<span class="number">${number}</span>${told}`;
    return number === location.line ? html`<mark>${row}</mark>` : html`<span>${row}</span>`;
  });
  return html`<figure class="code ${label}">
    ${caption}
    <pre tabindex="0" role="region" aria-label="${name}">${rows}</pre>
  </figure>`;
}

function facts(finding: Finding): Markup[] {
  const rows: [string, string | Markup][] = [];
  if (finding.package !== undefined) {
    const from = finding.reachedFrom === undefined ? null : html`, reached from ${whereMarkup(finding.reachedFrom)}`;
    rows.push(['library', html`held in <code>${shown(finding.package)}</code>${from}`]);
  }
  rows.push(
    ['mend', sentence(adviceOn(finding))],
    ['why', sentence(shown(finding.reason))],
    [
      'fingerprint',
      finding.fingerprint === ''
        ? 'none: names that it is made of are lost with the end of the file'
        : html`<code>${shown(finding.fingerprint)}</code>`,
    ],
  );
  return rows.map(
    ([label, text]) =>
      html`<div>
        <dt>${label}</dt>
        <dd>${text}</dd>
      </div>`,
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
