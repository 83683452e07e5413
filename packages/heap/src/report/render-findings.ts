/** The report of `ebb analyze` as a person reads it: one plain sentence, the path with a reason at each stop, the lines of code. */
import type { Finding, FindingsReport, Location, Place } from '../finding/finding.ts';
import { humanBytes, shortLocation } from '../finding/title.ts';
import { SourceFiles } from '../naming/source-files.ts';
import { type Paint, painter } from './paint.ts';

/** How to print. */
export interface RenderOptions {
  color: boolean;
  /** Columns; lines are shortened to it. */
  width: number;
  /** The text of a source line, where it can be had; read from disk unless given. */
  sourceLine?: (location: Location) => string | undefined;
}

const INDENT = '       ';
const LABEL_WIDTH = 10;
const LEAST_WIDTH = 40;

/** The report as text, without a newline at its end. Names that come from the heap can hold no control characters. */
export function renderFindings(report: FindingsReport, options: RenderOptions): string {
  const paint = painter(options.color);
  const width = Math.max(LEAST_WIDTH, options.width);
  const sources = new SourceFiles();
  const sourceLine = options.sourceLine ?? ((location: Location) => sources.lines(location.file)?.[location.line - 1]);
  const snapshots = report.snapshots
    .map(({ file, heapBytes }) => `${plain(file.split('/').at(-1) ?? file)} ${humanBytes(heapBytes)}`)
    .join(', ');
  const blocks = report.findings.map((finding) => renderFinding(finding, { paint, width, sourceLine }));
  if (blocks.length === 0)
    blocks.push(
      wrap(nothingFound(report), width - INDENT.length)
        .map((line, at) => (at === 0 ? `${paint.good('CLEAN')}  ${line}` : INDENT + line))
        .join('\n'),
    );
  return [...blocks, paint.faint(cut(`from      ${snapshots}`, width))].join('\n\n');
}

function nothingFound(report: FindingsReport): string {
  return report.snapshots.length > 1
    ? 'Nothing grew from each snapshot to the next and stayed.'
    : 'Nothing dominates this heap in many pieces. Two or more snapshots of one process, taken with work between them, show what grows.';
}

interface Page {
  paint: Paint;
  width: number;
  sourceLine: (location: Location) => string | undefined;
}

const HEADINGS = { leak: 'LEAK', suspect: 'SUSPECT', bounded: 'BOUNDED' } as const;

function renderFinding(finding: Finding, page: Page): string {
  const { paint, width } = page;
  const heading = HEADINGS[finding.verdict];
  const painted =
    finding.verdict === 'leak'
      ? paint.bad(heading)
      : finding.verdict === 'suspect'
        ? paint.warn(heading)
        : paint.good(heading);
  const title = wrap(plain(finding.title), width - INDENT.length);
  const gap = ' '.repeat(Math.max(1, INDENT.length - heading.length));
  const lines = [
    `${painted}${gap}${paint.strong(title[0])}`,
    ...title.slice(1).map((line) => INDENT + paint.strong(line)),
    '',
    ...renderPath(finding, page),
    '',
  ];
  for (const [label, text] of facts(finding, page)) {
    wrap(text, width - INDENT.length - LABEL_WIDTH).forEach((line, at) => {
      lines.push(`${INDENT}${at === 0 ? paint.faint(label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`);
    });
  }
  return lines.join('\n');
}

function renderPath(finding: Finding, { paint, width }: Page): string[] {
  const holderAt = finding.path.findIndex((place) => place.reason === finding.holder.reason);
  return finding.path.map((place, at) => {
    const branch = at === 0 ? '' : `${'   '.repeat(at - 1)}└─ `;
    const what = plain(describe(place, at === 0));
    const line = cut(`${INDENT}${branch}${what}${plain(whereOf(place, finding.path.slice(0, at)))}`, width);
    const reason = at === holderAt ? `← ${plain(place.reason)}` : plain(place.reason);
    const room = width - line.length - 2;
    const told = room >= 12 ? `  ${cut(reason, room)}` : '';
    return at === holderAt ? paint.warn(line) + paint.strong(told) : line + paint.faint(told);
  });
}

/** The place's line, with its file where that is not the one told last. */
function whereOf({ location }: Place, before: Place[]): string {
  if (!location) return '';
  const last = before.findLast((place) => place.location)?.location;
  return last?.file === location.file ? `  :${location.line}` : `  ${shortLocation(location)}`;
}

function describe(place: Place, isFirst: boolean): string {
  const { name, type, edge } = place;
  if (type === 'module') return 'module';
  if (type === 'scope') return isFirst || edge === 'context' || edge === 'previous' ? 'scope' : `${edge}: scope`;
  if (edge === '' || edge === 'context') return name === type ? type : `${name}: ${type}`;
  if (edge.startsWith('[')) return `${edge}: ${type}`;
  return `${edge}: ${type}`;
}

function advice(finding: Finding): string {
  switch (finding.kind) {
    case 'listener':
      return 'take the listener off when its work is done';
    case 'timer':
      return 'clear the timer';
    case 'promise':
      return 'settle it, or hang nothing on it for each request';
    case 'closure':
      return 'let go of the function or of what it closes over';
    case 'module':
      return 'load it once';
    default:
      return 'bound it, expire it, or delete from it';
  }
}

function facts(finding: Finding, { sourceLine }: Page): [label: string, text: string][] {
  const at = (location: Location): string => {
    const code = sourceLine(location)?.trim();
    return plain(`${shortLocation(location)}${code ? `  ${code.length > 90 ? `${code.slice(0, 89)}…` : code}` : ''}`);
  };
  const rows: [string, string][] = [];
  const share = finding.growthBytes === undefined ? '' : `; it grew by ${humanBytes(finding.growthBytes)}`;
  rows.push([
    'holds',
    `${humanBytes(finding.retainedBytes)} in all, ${finding.sample.count.toLocaleString('en')} × ${plain(finding.sample.type)}${share}`,
  ]);
  if (finding.insertedAt) rows.push(['added', at(finding.insertedAt)]);
  if (finding.removedAt) {
    rows.push([
      'removed',
      finding.removedAt.length === 0
        ? 'nowhere: nothing in that file takes out of it'
        : finding.removedAt.slice(0, 3).map(at).join('\n'),
    ]);
  }
  if (finding.package !== undefined) {
    rows.push([
      'library',
      `held in ${plain(finding.package)}${finding.reachedFrom ? `, reached from ${plain(shortLocation(finding.reachedFrom))}` : ''}`,
    ]);
  }
  rows.push(
    ['mend', advice(finding)],
    ['why', plain(finding.reason)],
    ['evidence', `fingerprint ${plain(finding.fingerprint)}`],
  );
  return rows;
}

/** Without control and direction characters: a name in a heap must not drive the terminal or forge a line. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}
