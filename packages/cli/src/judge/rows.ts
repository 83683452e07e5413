/** From the bytes of a CSV file to the samples of its series. What cannot be read is left out, counted, and told. */
import { parse, type CsvError, type Parser } from 'csv-parse';
import { CliError } from '../errors/cli-error.ts';
import { hasUnit, readBytes, readNumber, readSeconds, readTime } from './cells.ts';
import { readHeader, type Columns } from './columns.ts';
import { unreadable } from './source.ts';

/** One value of one series. Numbers that are not told are null. */
export interface SeriesRow {
  readonly line: number;
  /** Empty where the file does not name its series. */
  readonly series: string;
  readonly timeS: number;
  readonly bytes: number;
  readonly kind: 'rss' | 'floor';
  readonly limitBytes: number | null;
  readonly requests: number | null;
  /** Cumulative requests of each `requests:<route>`, in the order of the columns. */
  readonly routes: readonly (number | null)[];
  readonly ageS: number | null;
  readonly version: string | null;
  readonly siblingGroup: string | null;
}

/** A cell that could not be read. */
export interface BadCell {
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly name: string;
  readonly cell: string;
  readonly why: string;
}

/** What became of a file's rows. */
export interface FileRead {
  readonly file: string;
  /** Rows below the header. */
  rows: number;
  /** Values that were handed on. */
  values: number;
  /** Values that are not there: empty, NaN, null. */
  gaps: number;
  /** Values that were left out because they, their time or their kind cannot be read. */
  unreadable: number;
  /** Cells of other columns that cannot be read; their rows were judged without them. */
  unreadableExtras: number;
  /** The first of those cells. */
  readonly first: BadCell[];
  columns: Columns | null;
  /** Sizes were written with units, and so rounded. */
  rounded: boolean;
}

/** So many unreadable cells are told one by one. */
const MOST_TOLD = 5;
/** A row is no longer than this: what is has lost a quote. */
const LONGEST_ROW = 1 << 20;
/** Beyond this, no process holds so much. */
const MOST_BYTES = 2 ** 50;

/** How plain numbers are to be read. */
export interface ReadOptions {
  /** Bytes in one of the unit of sizes that have none, outside of the contract's own columns. */
  readonly plainUnitBytes: number;
}

/**
 * Reads the rows of a file in its order, in constant memory.
 *
 * @throws {CliError} EBB_CLI_SERIES_UNREADABLE when it is no CSV or breaks off, EBB_CLI_SERIES_HEADER when its columns
 *   tell nothing
 */
export async function readRows(
  file: string,
  pieces: AsyncIterable<Buffer>,
  options: ReadOptions,
  onRow: (row: SeriesRow) => void,
): Promise<FileRead> {
  const { text, delimiter, linesBefore } = await sniff(pieces);
  const reader = new RowReader(file, { ...options, decimalComma: delimiter !== ',' }, onRow);
  let failed: unknown = null;
  const parser: Parser = parse({
    bom: true,
    delimiter,
    relaxColumnCount: true,
    relaxQuotes: true,
    skipEmptyLines: true,
    maxRecordSize: LONGEST_ROW,
    // Nothing is handed on by the parser: a stream of objects takes longer than all the rest.
    onRecord: (cells: string[], { lines }) => {
      try {
        if (failed === null) reader.read(cells, lines + linesBefore);
      } catch (error) {
        failed = error;
      }
      return null;
    },
  });
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('end', resolve).on('error', reject);
  });
  parser.resume();
  try {
    for await (const piece of text) {
      if (failed !== null) throw failed as Error;
      if (!parser.write(piece)) await Promise.race([ended, new Promise((resolve) => parser.once('drain', resolve))]);
    }
    parser.end();
    await ended;
  } catch (error) {
    parser.destroy();
    ended.catch(() => undefined);
    throw error instanceof CliError ? error : broken(file, error as CsvError, linesBefore);
  }
  if (failed !== null) throw failed as Error;
  return reader.end();
}

function broken(file: string, error: CsvError, linesBefore: number): Error {
  if (error.code === undefined) return error;
  const lines = (error as { lines?: number }).lines;
  const where = lines === undefined ? '' : ` at line ${lines + linesBefore}`;
  const why =
    error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
      ? `a quoted cell is never closed${where}, so that nothing behind it can be told apart`
      : `it is no CSV${where}: ${error.message}`;
  return unreadable(file, why, error);
}

/** Finds the separator in the first line, and takes Excel's `sep=;` away. UTF-16, as Excel writes it, becomes UTF-8. */
async function sniff(
  pieces: AsyncIterable<Buffer>,
): Promise<{ text: AsyncIterable<Buffer>; delimiter: string; linesBefore: number }> {
  const iterator = pieces[Symbol.asyncIterator]();
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let head: Buffer = Buffer.alloc(0);
  const take = async (): Promise<Buffer | null> => {
    const next = await iterator.next();
    if (next.done === true) return null;
    const piece = next.value;
    if (head.length === 0 && piece[0] === 0xff && piece[1] === 0xfe) decoder = new TextDecoder('utf-16le');
    return decoder === null ? piece : Buffer.from(decoder.decode(piece, { stream: true }));
  };
  while (!head.includes(0x0a) && head.length < LONGEST_ROW) {
    const piece = await take();
    if (piece === null) break;
    head = Buffer.concat([head, piece]);
  }
  const [first = ''] = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n', 1);
  const told = /^"?sep=(.)"?\r?$/i.exec(first)?.[1];
  const skipped = told === undefined ? 0 : Math.min(head.length, head.indexOf(0x0a) + 1 || head.length);
  const rest = head.subarray(skipped);
  return {
    delimiter: told ?? delimiterOf(first),
    linesBefore: skipped === 0 ? 0 : 1,
    text: (async function* () {
      if (rest.length > 0) yield rest;
      for (let piece = await take(); piece !== null; piece = await take()) yield piece;
    })(),
  };
}

/** The one of comma, semicolon and tab that stands most often in the header, outside of quotes. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"(?:[^"]|"")*"/g, '');
  const times = (delimiter: string): number => bare.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, one) => (times(one) > times(best) ? one : best));
}

type RowOptions = ReadOptions & { readonly decimalComma: boolean };
type Extras = Omit<SeriesRow, 'line' | 'series' | 'timeS' | 'bytes' | 'kind'>;

/** Understands the rows of one file, once its header and first row are there. */
class RowReader {
  readonly #file: string;
  readonly #options: RowOptions;
  readonly #onRow: (row: SeriesRow) => void;
  readonly #read: FileRead;
  #header: readonly string[] | null = null;
  #columns: Columns | null = null;
  /** Sizes of the contract's columns are in bytes, whatever else is. */
  #valueUnitBytes = 1;

  constructor(file: string, options: RowOptions, onRow: (row: SeriesRow) => void) {
    this.#file = file;
    this.#options = options;
    this.#onRow = onRow;
    this.#read = {
      file,
      rows: 0,
      values: 0,
      gaps: 0,
      unreadable: 0,
      unreadableExtras: 0,
      first: [],
      columns: null,
      rounded: false,
    };
  }

  read(cells: readonly string[], line: number): void {
    if (this.#header === null) {
      this.#header = cells;
      return;
    }
    this.#columns ??= this.#understand(this.#header, cells);
    this.#row(cells, line, this.#columns);
  }

  end(): FileRead {
    if (this.#header === null) throw unreadable(this.#file, 'it is empty');
    this.#read.columns = this.#columns ?? this.#understand(this.#header, []);
    return this.#read;
  }

  #understand(header: readonly string[], firstRow: readonly string[]): Columns {
    const columns = readHeader(header, firstRow, this.#file);
    const name = header[columns.values[0]?.index ?? -1]?.trim().toLowerCase();
    this.#valueUnitBytes = name === 'bytes' ? 1 : this.#options.plainUnitBytes;
    return columns;
  }

  #row(cells: readonly string[], line: number, columns: Columns): void {
    const read = this.#read;
    read.rows++;
    if (cells.slice(columns.header.length).some((cell) => cell.trim() !== '')) {
      this.#bad(
        line,
        columns.header.length,
        cells,
        `the row has ${cells.length} cells, the header ${columns.header.length}`,
      );
      read.unreadable += columns.values.length;
      return;
    }
    const timeS = this.#time(cells, columns);
    const kind = columns.kind === null ? 'rss' : kindOf(cells[columns.kind] ?? '');
    if (timeS === null || Number.isNaN(timeS) || kind === null) {
      const index = kind === null ? (columns.kind ?? 0) : columns.time.index;
      const time =
        columns.time.as === 'seconds' ? 'a time in seconds' : 'a date, or seconds or milliseconds since 1970';
      this.#bad(line, index, cells, kind === null ? 'it is rss or floor' : `it is ${time}`);
      read.unreadable += columns.values.length;
      return;
    }
    let extras: Extras | null = null;
    for (const { index, series } of columns.values) {
      const cell = cells[index] ?? '';
      const bytes = this.#bytes(cell, this.#valueUnitBytes);
      if (bytes === null) {
        read.gaps++;
        continue;
      }
      if (!(bytes >= 0 && bytes < MOST_BYTES)) {
        this.#bad(
          line,
          index,
          cells,
          bytes < 0 ? 'it is negative' : Number.isNaN(bytes) ? 'it is no size' : 'it is over a petabyte',
        );
        read.unreadable++;
        continue;
      }
      if (!read.rounded && hasUnit(cell)) read.rounded = true;
      extras ??= this.#extras(cells, line, columns);
      read.values++;
      this.#onRow({ line, series: series ?? nameOf(cells, columns), timeS, bytes, kind, ...extras });
    }
  }

  #time(cells: readonly string[], { time }: Columns): number | null {
    const cell = cells[time.index] ?? '';
    return time.as === 'seconds' ? readSeconds(cell, this.#options.decimalComma) : readTime(cell);
  }

  #bytes(cell: string, plainUnitBytes: number): number | null {
    // Nearly always it is a plain number.
    const plain = cell === '' ? NaN : Number(cell) * plainUnitBytes;
    if (plain >= 0) return plain;
    return readBytes(cell, { decimalComma: this.#options.decimalComma, plainUnitBytes });
  }

  #extras(cells: readonly string[], line: number, columns: Columns): Extras {
    const number = (index: number | null, read: (cell: string) => number | null): number | null => {
      if (index === null) return null;
      const value = read(cells[index] ?? '');
      if (value === null || value >= 0) return value;
      this.#bad(line, index, cells, value < 0 ? 'it is negative' : 'it is no number');
      this.#read.unreadableExtras++;
      return null;
    };
    const count = (cell: string): number | null => readNumber(cell, this.#options.decimalComma);
    const text = (index: number | null): string | null => (index === null ? null : cells[index]?.trim() || null);
    return {
      limitBytes: number(columns.limitBytes, (cell) => this.#bytes(cell, 1)) || null,
      requests: number(columns.requests, count),
      routes: columns.routes.map(({ index }) => number(index, count)),
      ageS: number(columns.ageS, count),
      version: text(columns.version),
      siblingGroup: text(columns.siblingGroup),
    };
  }

  #bad(line: number, index: number, cells: readonly string[], why: string): void {
    if (this.#read.first.length >= MOST_TOLD) return;
    const name = this.#header?.[index] ?? '';
    this.#read.first.push({ line, column: index + 1, name, cell: (cells[index] ?? '').slice(0, 60), why });
  }
}

function kindOf(cell: string): 'rss' | 'floor' | null {
  const kind = cell.trim().toLowerCase();
  if (kind === '' || kind === 'rss') return 'rss';
  return kind === 'floor' ? 'floor' : null;
}

/** One column's own words, or `pod=web-1, container=app`. */
function nameOf(cells: readonly string[], { names, header }: Columns): string {
  const only = names.length === 1 ? names[0] : undefined;
  if (only !== undefined) return (cells[only] ?? '').trim();
  return names.map((index) => `${(header[index] ?? '').trim()}=${(cells[index] ?? '').trim()}`).join(', ');
}
