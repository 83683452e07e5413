import { CliError } from '../errors/cli-error.ts';
import { readBytes } from './cells.ts';
import { printable } from '../wording/printable.ts';
import { list } from '../wording/quantities.ts';

/** A column that holds values of a memory series. */
export interface ValueColumn {
  readonly index: number;
  /** The series' name where each series is a column; null where the rows name it. */
  readonly series: string | null;
}

/** What the columns of a file mean; indexes are null where there is no such column. */
export interface Columns {
  readonly header: readonly string[];
  /** `seconds`: the contract's `time_s`; `any`: dates, and numbers whose unit is told by their size. */
  readonly time: { readonly index: number; readonly as: 'seconds' | 'any' };
  readonly values: readonly ValueColumn[];
  /** Columns whose cells, together, name the series of a row. */
  readonly names: readonly number[];
  readonly kind: number | null;
  readonly limitBytes: number | null;
  readonly requests: number | null;
  readonly routes: readonly { readonly index: number; readonly route: string }[];
  readonly ageS: number | null;
  readonly version: number | null;
  readonly siblingGroup: number | null;
  /** Names of columns that nothing is done with. */
  readonly unused: readonly string[];
}

/** Names that mean the same as one of the contract's, in exports of Prometheus, Grafana and their like; lower case. */
const TIMES = ['time', 'timestamp', 'ts', 'date', 'datetime', '_time', 'time_ms', 'timestamp_ms', '@timestamp'];
const VALUES = [
  'value',
  '_value',
  'rss',
  'rss_bytes',
  'resident_memory_bytes',
  'process_resident_memory_bytes',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'process.memory.usage',
  'memory_bytes',
  'mem_bytes',
];
const SERIES = ['series', 'metric'];
const ROUTE = 'requests:';

/** Not names of series: what a table of Prometheus carries beside its labels. */
const NOT_A_LABEL = /^(?:__name__|_start|_stop|result|table)$/;

/**
 * Finds out what the columns mean, by their names and by the first row: the contract's names; a table with a time, a
 * value and labels; or a time and one column for each series, as Grafana exports them.
 *
 * @throws {CliError} EBB_CLI_SERIES_HEADER when there is no time, or nothing to judge
 */
export function readHeader(header: readonly string[], firstRow: readonly string[], file: string): Columns {
  const names = header.map((name) => name.trim().toLowerCase());
  const at = (...wanted: string[]): number | null => {
    const index = names.findIndex((name) => wanted.includes(name));
    return index < 0 ? null : index;
  };
  const seconds = at('time_s');
  const time = seconds ?? at(...TIMES);
  if (time === null) {
    throw refused(
      file,
      header,
      'none of them is the time: call that column time_s (seconds), or Time (dates, milliseconds)',
    );
  }
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index && isKnown(name));
  if (twice !== undefined) throw refused(file, header, `there are two columns ${twice}: take one of them out`);
  const routes = names.flatMap((name, index) =>
    name.startsWith(ROUTE) ? [{ index, route: (header[index] ?? '').trim().slice(ROUTE.length) }] : [],
  );
  const known = {
    kind: at('kind'),
    limitBytes: at('limit_bytes'),
    requests: at('requests'),
    ageS: at('age_s'),
    version: at('version'),
    siblingGroup: at('sibling_group'),
  };
  const taken = new Set([time, ...routes.map(({ index }) => index), ...Object.values(known)]);
  const base = { header, time: { index: time, as: seconds === null ? 'any' : 'seconds' }, routes, ...known } as const;
  const rest = header.map((_, index) => index).filter((index) => !taken.has(index) && names[index] !== '');

  const value = at('bytes') ?? at(...VALUES) ?? orNull(names.findIndex((name) => /^value #[a-z]+$/.test(name)));
  if (value !== null) {
    const series = at(...SERIES);
    // The contract's own file names its series in one column, or holds one; elsewhere all labels together do. Numbers
    // are no labels: each row would be a series.
    const isLabel = (index: number): boolean =>
      index !== value && !NOT_A_LABEL.test(names[index] ?? '') && !isNumber(firstRow[index]);
    const labels = at('bytes') === null ? rest.filter(isLabel) : [];
    const naming = series === null ? labels : [series];
    const unused = rest.filter((index) => index !== value && !naming.includes(index));
    return {
      ...base,
      values: [{ index: value, series: null }],
      names: naming,
      unused: unused.map((index) => header[index] ?? ''),
    };
  }
  if (rest.length === 0) {
    throw refused(
      file,
      header,
      'none of them is the memory: call that column bytes, or give each series a column of its own',
    );
  }
  if (at('series') !== null) {
    throw refused(file, header, 'series are named by rows, but none of the columns is the memory: call it bytes');
  }
  const text = rest.find((index) => Number.isNaN(sizeOf(firstRow[index])));
  if (text !== undefined) {
    const cell = printable((firstRow[text] ?? '').slice(0, 60));
    const column = printable((header[text] ?? '').slice(0, 60));
    throw refused(
      file,
      header,
      `none of them is called bytes, and they are not all numbers (line 2, column '${column}': '${cell}'): call the memory bytes, and what names the series series`,
    );
  }
  const named = distinct(rest.map((index) => (header[index] ?? '').trim()));
  return {
    ...base,
    values: rest.map((index, nth) => ({ index, series: named[nth] ?? '' })),
    names: [],
    unused: [],
  };
}

function sizeOf(cell: string | undefined): number | null {
  return readBytes(cell ?? '', { decimalComma: true, plainUnitBytes: 1 });
}

function isNumber(cell: string | undefined): boolean {
  const size = sizeOf(cell);
  return size !== null && !Number.isNaN(size);
}

function isKnown(name: string): boolean {
  return (
    ['time_s', 'bytes', 'series', 'kind', 'limit_bytes', 'requests', 'age_s', 'version', 'sibling_group'].includes(
      name,
    ) || name.startsWith(ROUTE)
  );
}

/** Grafana gives two series one name when their legend says so. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

const orNull = (index: number): number | null => (index < 0 ? null : index);

/** So many names of columns are told. */
const MOST_TOLD = 12;

function refused(file: string, header: readonly string[], why: string): CliError {
  const told = header.slice(0, MOST_TOLD).map((name) => `'${printable(name.slice(0, 60))}'`);
  if (header.length > MOST_TOLD) told.push(`${header.length - MOST_TOLD} more`);
  return new CliError('EBB_CLI_SERIES_HEADER', `line 1 of '${printable(file)}' has the columns ${list(told)}; ${why}`);
}
