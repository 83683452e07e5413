import { wrapLine } from '../wording/wrap.ts';

/**
 * Puts what only a watch knows into the analyser's own report of a finding, so that both read as one: lines below the
 * title, and rows among its rows. The analyser's layout is a title, an empty line, the path, an empty line, and rows of
 * a label (from column 7, ten wide) and a text. Where a row to stand before is missing, the new one comes last.
 */

const INDENT = 7;
const LABEL_COLUMNS = 10;
/** Colours and weights (SGR). */
const SGR = /\u001b\[[0-9;]*m/gu;

/** A row of a report: its label, and its text of one line or several. */
export interface Row {
  readonly label: string;
  readonly text: string;
  /** Labels that it stands before: the first of them that there is. */
  readonly before?: readonly string[];
}

/** How the rows are to look. */
export interface RowStyle {
  readonly width: number;
  readonly faint: (text: string) => string;
}

/** Lines below the title: `block` is one finding's report. */
export function belowTitle(block: string, lines: readonly string[], { width }: RowStyle): string {
  const all = block.split('\n');
  const end = all.findIndex((line) => bare(line) === '');
  const indented = lines.map((line) => wrapLine(' '.repeat(INDENT) + line, width, INDENT));
  all.splice(end < 0 ? all.length : end, 0, ...indented);
  return all.join('\n');
}

/** A row among the rows of `block`; one with the same label is replaced. */
export function withRow(block: string, row: Row, style: RowStyle): string {
  const all = block.split('\n');
  const lines = rowLines(row, style);
  const same = all.findIndex((line) => labelOf(line) === row.label);
  if (same >= 0) {
    let end = same + 1;
    while (end < all.length && bare(all[end] ?? '').startsWith(' '.repeat(INDENT + LABEL_COLUMNS))) end++;
    all.splice(same, end - same, ...lines);
    return all.join('\n');
  }
  const before = (row.before ?? [])
    .map((label) => all.findIndex((line) => labelOf(line) === label))
    .find((index) => index >= 0);
  all.splice(before ?? all.length, 0, ...lines);
  return all.join('\n');
}

/** The analyser's last line names its files, which are gone by the time a watch is read. */
export function withoutSources(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^from {2,}/u.test(bare(line)))
    .join('\n')
    .replace(/^\n+|\n+$/gu, '');
}

function rowLines({ label, text }: Row, { width, faint }: RowStyle): string[] {
  const column = INDENT + LABEL_COLUMNS;
  const lines = wrapLine(' '.repeat(column) + text, width, column).slice(column);
  return `${' '.repeat(INDENT)}${faint(label.padEnd(LABEL_COLUMNS))}${lines}`.split('\n');
}

/** The label of a row; null for every other line. */
function labelOf(line: string): string | null {
  return /^ {7}(?=.{10}\S)([a-z][a-z ]*?) +(?<=^.{17})/u.exec(bare(line))?.[1] ?? null;
}

function bare(line: string): string {
  return line.replace(SGR, '');
}
