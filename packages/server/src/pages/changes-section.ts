/**
 * Which change brought the growth, as a section of a page: the advice first, then what processes grew from change to change
 * as a chart, then each change with its sentence.
 *
 * The chart is SVG without a script: a bar for each version or stretch between changes, as high as it grew, with its interval.
 */
import type { ToldAttribution, ToldChangePart, ToldGrowth } from '../attribution/told.ts';
import { html, type Markup } from './html.ts';
import { bytes, count, utc } from './wording.ts';

/** The plot, in hundredths of the picture's height. */
const [top, bottom] = [14, 80];
const mostBars = 10;

/** The section; null where nothing is known yet. */
export function changesSection(told: ToldAttribution | null): Markup | null {
  if (told === null || (told.changes.length === 0 && told.advice === null)) return null;
  return html`<section aria-labelledby="changes">
    <h2 id="changes">Which change brought it</h2>
    ${told.advice === null ? html`<p>No change is known to have brought it yet.</p>` : html`<p class="lead">${told.advice}</p>`}
    ${growthChart(told.cells)}
    <ol class="rows">
      ${told.changes.toReversed().map(changeRow)}
    </ol>
    <p class="note">
      Judged ${utc(told.judgedMs)}: a change is guilty when growth began with it, on processes that have it and on none
      that lacks it, at equal age and load.
    </p>
  </section>`;
}

const badges: Readonly<Record<ToldChangePart['part'], string>> = {
  guilty: 'leak',
  exonerated: 'clean',
  open: 'warming',
};

function changeRow({ part, sentence, recovery, timeMs }: ToldChangePart): Markup {
  return html`<li class="change">
    <p>
      <span class="badge ${badges[part]}">${part}</span>
      <time datetime="${new Date(timeMs).toISOString()}">${utc(timeMs)}</time>
    </p>
    <p>${sentence}</p>
    ${recovery === null ? null : html`<p><b>${recoveryWords[recovery.result]}</b>: ${recovery.sentence}</p>`}
  </li>`;
}

const recoveryWords = { proven: 'It helped', refuted: 'It did not help', 'not yet': 'Whether it helped' } as const;

interface Bar {
  cell: ToldGrowth;
  value: number;
  low: number;
  high: number;
}

/** Bars by the request, where requests tell anything of most; by the hour else. */
function growthChart(cells: readonly ToldGrowth[]): Markup | null {
  const byRequest = cells.filter(({ bytesPerRequest }) => bytesPerRequest !== null).length * 2 > cells.length;
  const bars = cells
    .flatMap((cell): Bar[] => {
      const growth = byRequest ? cell.bytesPerRequest : cell.bytesPerHour;
      return growth === null ? [] : [{ cell, ...growth }];
    })
    .slice(-mostBars);
  if (bars.length < 2) return null;
  // An interval that nothing is known by does not press the others flat.
  const most = 1.8 * Math.max(...bars.map(({ value }) => Math.abs(value)), 1);
  const unit = byRequest ? 'a request' : 'an hour';
  return html`<figure class="chart">
    <svg role="img" aria-label="${inWords(bars, unit)}">
      <line class="grid" x1="0" x2="100%" y1="${bottom}%" y2="${bottom}%" />
      ${bars.map((bar, at) => barOf(bar, { at, of: bars.length, most }))}
    </svg>
    <figcaption>
      <span>Growth in bytes ${unit}, with intervals of 95 %, from version to version and change to change</span>
    </figcaption>
  </figure>`;
}

function barOf({ cell, value, low, high }: Bar, { at, of, most }: { at: number; of: number; most: number }): Markup {
  const width = 100 / of;
  const [left, middle] = [at * width + width * 0.2, (at + 0.5) * width];
  const y = (bytesGrown: number): number => bottom - ((bottom - top) * Math.max(0, Math.min(most, bytesGrown))) / most;
  const label = { grows: 'leak', still: 'clean', unknown: 'warming' }[cell.label];
  return html`<rect
      class="bar ${label}"
      x="${percent(left)}"
      width="${percent(width * 0.6)}"
      y="${percent(y(value))}"
      height="${percent(Math.max(0.5, bottom - y(value)))}"
    />
    <line
      class="reach"
      x1="${percent(middle)}"
      x2="${percent(middle)}"
      y1="${percent(y(high))}"
      y2="${percent(y(low))}"
    />
    <text x="${percent(middle)}" y="${percent(y(high))}" dy="-4" text-anchor="middle">${bytes(value)}</text>
    <text class="${label}" x="${percent(middle)}" y="88%" text-anchor="middle"
      >${cell.version === '' ? 'no name' : cell.version}</text
    >
    <text x="${percent(middle)}" y="96%" text-anchor="middle">${utc(cell.fromMs).slice(5, 16)}</text>`;
}

function percent(value: number): string {
  return `${Number(value.toFixed(2))}%`;
}

/** The same for whoever cannot see it. */
function inWords(bars: readonly Bar[], unit: string): string {
  return bars
    .map(({ cell, value, low, high }) => {
      const who = `${cell.version === '' ? 'a version without a name' : cell.version} from ${utc(cell.fromMs)}`;
      const does = { grows: 'grows', still: 'does not grow', unknown: 'is not decided' }[cell.label];
      return `${who}: ${bytes(value)} ${unit} (${bytes(low)} to ${bytes(high)}) on ${count(cell.processes, 'process', 'processes')}, ${does}`;
    })
    .join('; ');
}
