import { basename } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { count } from '../wording/quantities.ts';
import { judgeGroup, type GroupMember } from './judge-group.ts';
import { KeptRows } from './kept-rows.ts';
import { readRows, type BadCell, type FileRead, type ReadOptions, type SeriesRow } from './rows.ts';
import { SeriesJudge, type JudgedSeries } from './series.ts';
import { SeriesSource } from './source.ts';

/** What was judged, and what became of the rows. */
export interface Judged {
  readonly file: FileRead;
  readonly series: readonly JudgedSeries[];
  /** Series whose rows did not come in the order of time, and were sorted. */
  readonly sorted: number;
}

/** How files are judged. */
export interface JudgeOptions extends ReadOptions {
  /** The limit of series that name none. */
  readonly limitBytes: number | null;
}

/**
 * Judges all series of a file (`-`: standard input), row by row as they come, in constant memory a series. Series whose
 * rows are not in the order of time are read a second time, sorted in memory, and judged in their order. Rows of a
 * sibling group are kept in memory (64 bytes a row), and judged when all are there, in the order of time.
 *
 * @throws {CliError} EBB_CLI_SERIES_UNREADABLE, EBB_CLI_SERIES_HEADER; EBB_CLI_SERIES_ROWS when more values cannot be read
 *   than can
 */
export async function judgeFile(file: string, options: JudgeOptions): Promise<Judged> {
  const source = new SeriesSource(file);
  try {
    const series = new Map<string, SeriesJudge>();
    const unsorted = new Map<string, KeptRows>();
    const judgeOf = (name: string): SeriesJudge =>
      new SeriesJudge(name === '' ? unnamed(file) : name, file, options.limitBytes);
    // Siblings are judged together, in the order of time: their rows wait for one another.
    const groups = new Map<string, Map<string, GroupMember>>();
    const keep = (row: SeriesRow, group: string): void => {
      let members = groups.get(group);
      if (members === undefined) groups.set(group, (members = new Map<string, GroupMember>()));
      let member = members.get(row.series);
      if (member === undefined) {
        members.set(row.series, (member = { judge: judgeOf(row.series), rows: new KeptRows() }));
      }
      member.rows.add(row);
    };
    const read = await readRows(file, source.pieces(), options, (row) => {
      if (row.siblingGroup !== null) {
        keep(row, row.siblingGroup);
        return;
      }
      if (unsorted.has(row.series)) return;
      let judge = series.get(row.series);
      if (judge === undefined) series.set(row.series, (judge = judgeOf(row.series)));
      if (!judge.take(row)) unsorted.set(row.series, new KeptRows());
    });
    if (read.unreadable >= read.values && (read.unreadable > 0 || read.values === 0)) throw mostlyUnreadable(read);
    if (unsorted.size > 0) {
      await readRows(file, source.pieces(), options, (row) => unsorted.get(row.series)?.add(row));
      for (const [name, rows] of unsorted) {
        const judge = judgeOf(name);
        for (const row of rows.sorted(name)) judge.take(row);
        series.set(name, judge);
      }
    }
    const routeNames = (read.columns?.routes ?? []).map(({ route }) => route);
    for (const judge of series.values()) {
      judge.end();
      judge.nameRoutes(routeNames);
    }
    for (const members of groups.values()) {
      judgeGroup(members, options.limitBytes, routeNames);
      for (const [name, { judge }] of members) series.set(name, judge);
    }
    return { file: read, series: [...series.values()], sorted: unsorted.size };
  } finally {
    source.close();
  }
}

/** `web.csv.gz` → `web`. */
function unnamed(file: string): string {
  return file === '-'
    ? 'standard input'
    : basename(file)
        .replace(/\.gz$/i, '')
        .replace(/\.csv$/i, '');
}

function mostlyUnreadable(read: FileRead): CliError {
  const name = read.file === '-' ? 'standard input' : `'${printable(read.file)}'`;
  const first = read.first[0];
  if (first === undefined) {
    return new CliError(
      'EBB_CLI_SERIES_ROWS',
      `${name} has no values: ${count(read.rows)} rows, ${count(read.gaps)} empty cells`,
    );
  }
  const share = `${count(read.unreadable)} of ${count(read.unreadable + read.values)} values`;
  return new CliError('EBB_CLI_SERIES_ROWS', `${share} of ${name} cannot be read, the first at ${tellBadCell(first)}`);
}

/** `line 7, column 2 (bytes): 'abc': it is no size`. */
export function tellBadCell({ line, column, name, cell, why }: BadCell): string {
  return `line ${line}, column ${column} (${printable(name.slice(0, 60))}): '${printable(cell)}': ${why}`;
}
