/** The report of `ebb analyze` as a person reads it: one plain sentence, the path with a reason at each stop, the lines of code. */
import { basename } from 'node:path';
import type { Finding, FindingsReport, Location, Place } from '../finding/finding.ts';
import { humanBytes, shortLocation } from '../finding/title.ts';
import { SourceFiles } from '../naming/source-files.ts';
import { type Paint, painter } from './paint.ts';
import { columnsOf, cut, plain, wrap } from './text.ts';

/** How to print. */
export interface RenderOptions {
  color: boolean;
  /** Columns; lines are shortened to it. */
  width: number;
  /** The text of a source line, where it can be had; read from disk unless given. */
  sourceLine?: (location: Location) => string | undefined;
  /** Whether the last line names the snapshots that it all comes from; it does unless told otherwise. */
  snapshots?: boolean;
  /** What the caller knows about a finding that no snapshot shows: how bad it is, which route feeds it. */
  beside?: (finding: Finding) => Beside;
}

/** What stands in a finding's text beside what the report says, in plain text without colours. */
export interface Beside {
  /** Lines below the title. */
  lines?: { text: string; strong?: boolean }[];
  /** Rows among the finding's own. */
  rows?: BesideRow[];
}

/** A row of a label and a text. It takes the place of the finding's own row of that label, where there is one. */
export interface BesideRow {
  label: string;
  text: string;
  /** Labels that it stands before: the first of them that there is; it comes last where there is none. */
  before?: string[];
}

const INDENT = '       ';
const LABEL_WIDTH = 10;
const LEAST_WIDTH = 40;
/** A snapshot may name any file: lines of what is no script (a key, a list of passwords) get into no report. */
const SCRIPT = /\.[cm]?[jt]sx?$/u;
const NO_FINGERPRINT = 'no fingerprint: names that it is made of are lost with the end of the file';
/** Less room than this tells no reason. */
const LEAST_REASON = 12;

/** The report as text, without a newline at its end. Names that come from the heap can hold no control characters. */
export function renderFindings(report: FindingsReport, options: RenderOptions): string {
  const paint = painter(options.color);
  const width = Math.max(LEAST_WIDTH, options.width);
  const sources = new SourceFiles();
  const lineOnDisk = ({ file, line }: Location): string | undefined =>
    SCRIPT.test(file) ? sources.lines(file)?.[line - 1] : undefined;
  const sourceLine = options.sourceLine ?? lineOnDisk;
  const page: Page = { paint, width, sourceLine, beside: options.beside ?? (() => ({})) };
  const blocks = report.findings.map((finding) => renderFinding(finding, page));
  if (blocks.length === 0)
    blocks.push(
      wrap(nothingFound(report), width - INDENT.length)
        .map((line, at) => (at === 0 ? `${paint.good('CLEAN')}  ${line}` : INDENT + line))
        .join('\n'),
    );
  const lost = renderLost(report, page);
  if (lost !== '') blocks.unshift(lost);
  if (options.snapshots !== false) blocks.push(renderSnapshots(report, page));
  return blocks.join('\n\n');
}

/** What cut-off files had lost comes first: all else is told without it. */
function renderLost({ snapshots }: FindingsReport, { paint, width }: Page): string {
  return snapshots
    .flatMap(({ file, lost = [] }) => lost.map((what) => `${nameOf(file)}: ${plain(what)}`))
    .flatMap((text) =>
      wrap(text, width - INDENT.length).map((line, at) =>
        at === 0 ? `${paint.warn('CUT')}    ${line}` : INDENT + line,
      ),
    )
    .join('\n');
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : plain(basename(file));
}

function renderSnapshots({ snapshots }: FindingsReport, { paint, width }: Page): string {
  const names = snapshots.map(({ file, heapBytes }) => `${nameOf(file)} ${humanBytes(heapBytes)}`);
  return wrap(names.join(', '), width - LABEL_WIDTH)
    .map((line, at) => paint.faint(`${(at === 0 ? 'from' : '').padEnd(LABEL_WIDTH)}${cut(line, width - LABEL_WIDTH)}`))
    .join('\n');
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
  beside: (finding: Finding) => Beside;
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
  const { lines: below = [], rows = [] } = page.beside(finding);
  const lines = [
    `${painted}${gap}${paint.strong(title[0])}`,
    ...title.slice(1).map((line) => INDENT + paint.strong(line)),
    ...below.flatMap(({ text, strong = false }) =>
      wrap(plain(text), width - INDENT.length).map((line) => INDENT + (strong ? paint.strong(line) : line)),
    ),
    '',
    ...renderPath(finding, page),
    '',
  ];
  for (const [label, text] of withRows(facts(finding, page), rows)) {
    wrap(text, width - INDENT.length - LABEL_WIDTH).forEach((line, at) => {
      lines.push(`${INDENT}${at === 0 ? paint.faint(label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`);
    });
  }
  return lines.join('\n');
}

type Fact = [label: string, text: string];

/** The finding's rows with the caller's among them. */
function withRows(own: Fact[], added: BesideRow[]): Fact[] {
  const all = [...own];
  for (const { label, text, before = [] } of added) {
    const fact: Fact = [plain(label), plain(text)];
    const same = all.findIndex(([other]) => other === label);
    const next = before.map((other) => all.findIndex(([there]) => there === other)).find((at) => at >= 0);
    all.splice(same >= 0 ? same : (next ?? all.length), same >= 0 ? 1 : 0, fact);
  }
  return all;
}

function renderPath(finding: Finding, { paint, width }: Page): string[] {
  const holderAt = finding.path.findIndex((place) => place.reason === finding.holder.reason);
  return finding.path.flatMap((place, at) => {
    const isHolder = at === holderAt;
    const depth = '   '.repeat(Math.max(0, at - 1));
    const what = `${INDENT}${at === 0 ? '' : `${depth}└─ `}${plain(describe(place, at === 0))}`;
    const reason = `${isHolder ? '← ' : ''}${plain(place.reason)}`;
    const [whole, short] = whereOf(place, finding.path.slice(0, at)).map((where) => what + plain(where));
    const room = (line: string): number => width - columnsOf(line) - 2;
    if (isHolder) {
      // What grows, and how much, is the point of the whole path: it loses its folder, or takes a second line, first.
      const line = [whole, short].find((each) => room(each) >= columnsOf(reason));
      if (line !== undefined) return `${paint.warn(line)}  ${paint.strong(reason)}`;
      const below = `${INDENT}${depth}${at === 0 ? '' : '   '}${reason}`;
      return [paint.warn(cut(short, width)), paint.strong(cut(below, width))];
    }
    const line = cut(columnsOf(whole) <= width ? whole : short, width);
    return room(line) < LEAST_REASON ? line : `${line}  ${paint.faint(cut(reason, room(line)))}`;
  });
}

/** The place's line, with its file where that is not the one told last; and the same without the file's folder. */
function whereOf({ location }: Place, before: Place[]): [whole: string, short: string] {
  if (!location) return ['', ''];
  const last = before.findLast((place) => place.location)?.location;
  if (last?.file === location.file) return [`  :${location.line}`, `  :${location.line}`];
  const whole = shortLocation(location);
  return [`  ${whole}`, `  ${whole.includes('/') ? whole.replace(/^.*\//u, '…/') : whole}`];
}

function describe(place: Place, isFirst: boolean): string {
  const { name, type, edge } = place;
  if (type === 'module') return 'module';
  if (type === 'scope') return isFirst || edge === 'context' || edge === 'previous' ? 'scope' : `${edge}: scope`;
  if (edge === '' || edge === 'context') return name === type ? type : `${name}: ${type}`;
  if (edge.startsWith('[')) return `${edge}: ${type}`;
  return `${edge}: ${type}`;
}

/** What helps against a leak of this kind, in a few words. */
export function adviceOn({ kind }: Pick<Finding, 'kind'>): string {
  switch (kind) {
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

/** `1,204 × Session`, `values that are no objects`. */
function inWhat({ sample: { count, type } }: Finding): string {
  if (count > 0) return `${count.toLocaleString('en')} × ${type}`;
  return type === 'value' ? 'in values that are no objects' : `in a ${type}`;
}

function facts(finding: Finding, { sourceLine }: Page): Fact[] {
  const at = (location: Location): string => {
    const code = sourceLine(location)?.replace(/\s+/gu, ' ').trim();
    return plain(`${shortLocation(location)}${code ? `  ${code.length > 90 ? `${code.slice(0, 89)}…` : code}` : ''}`);
  };
  const rows: Fact[] = [];
  const share = finding.growthBytes === undefined ? '' : `; it grew by ${humanBytes(finding.growthBytes)}`;
  rows.push(['holds', `${humanBytes(finding.retainedBytes)} in all, ${plain(inWhat(finding))}${share}`]);
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
    ['mend', adviceOn(finding)],
    ['why', plain(finding.reason)],
    ['evidence', finding.fingerprint === '' ? NO_FINGERPRINT : `fingerprint ${plain(finding.fingerprint)}`],
  );
  return rows;
}
