import { printable } from '../wording/printable.ts';
import { count, list } from '../wording/quantities.ts';
import { tellBadCell, type Judged } from './judge-files.ts';

/** Names of columns that are told. */
const MOST_COLUMNS = 8;
/** No process holds less: such values are in another unit. */
const LEAST_PROCESS_BYTES = 1e6;

/** What the reader of a verdict has to know about the file behind it: what was left out, sorted, rounded or not used. */
export function notesOf({ file, series, sorted }: Judged, plainUnitBytes: number): string[] {
  const name = file.file === '-' ? 'standard input' : `'${printable(file.file)}'`;
  const notes: string[] = [];
  if (file.unreadable > 0) {
    notes.push(
      `${count(file.unreadable)} of ${count(file.unreadable + file.values)} values of ${name} were left out (EBB_CLI_SERIES_ROW)`,
    );
  }
  if (file.unreadableExtras > 0) {
    notes.push(`${count(file.unreadableExtras)} cells of ${name} beside the values were left out (EBB_CLI_SERIES_ROW)`);
  }
  notes.push(...file.first.map((cell) => `     ${tellBadCell(cell)}`));
  const more = file.unreadable + file.unreadableExtras - file.first.length;
  if (more > 0 && file.first.length > 0) notes.push(`     and ${count(more)} more`);
  const duplicates = series.reduce((sum, one) => sum + one.duplicates, 0);
  if (duplicates > 0) {
    notes.push(
      `${count(duplicates)} values of ${name} tell again what was told for their time; the first ones count. If several series are mixed, name them in a column series`,
    );
  }
  if (sorted > 0) notes.push(`${count(sorted)} series of ${name} were not in the order of time, and were sorted`);
  const unused = file.columns?.unused ?? [];
  if (unused.length > 0) {
    const told = unused.slice(0, MOST_COLUMNS).map((column) => printable(column));
    if (unused.length > MOST_COLUMNS) told.push(`${unused.length - MOST_COLUMNS} more`);
    notes.push(`not used of ${name}: the column${unused.length === 1 ? '' : 's'} ${list(told)}`);
  }
  if (file.rounded) {
    notes.push(
      `the sizes of ${name} were rounded for people: export them without “Formatted data”, and slow growth shows sooner`,
    );
  }
  const isBytes = file.columns?.values.some(
    ({ index }) => file.columns?.header[index]?.trim().toLowerCase() === 'bytes',
  );
  const largest = Math.max(0, ...series.slice(0, 10_000).map((one) => one.lastBytes ?? 0));
  if (isBytes !== true && plainUnitBytes === 1 && !file.rounded && largest > 0 && largest < LEAST_PROCESS_BYTES) {
    notes.push(`the values of ${name} are below 1 MB: if they are no bytes, say so (--unit MiB)`);
  }
  return notes;
}
