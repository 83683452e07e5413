/**
 * Reads source maps of revision 3 (https://tc39.es/ecma426/), index maps with `sections` among them, into sorted columns.
 * What is malformed is an error of the whole map: a wrong line is worse than none.
 */

/** A source map's JSON, as far as it is used. */
export interface SourceMapPayload {
  file?: string;
  sourceRoot?: string;
  sources?: (string | null)[];
  sourcesContent?: (string | null)[] | null;
  names?: string[];
  mappings?: string;
  sections?: { offset: { line: number; column: number }; map: SourceMapPayload }[];
}

/** A position in a source; lines and columns from 0. */
export interface MappedPosition {
  /** An index of {@link SourceMap.sources}. */
  source: number;
  line: number;
  column: number;
  /** The original name of the identifier that stands exactly there, where the map tells it. */
  name?: string;
}

/** A decoded source map. */
export interface SourceMap {
  /** The sources' names, with `sourceRoot` before them. */
  sources: string[];
  /** The text of each source, where the map brings it along. */
  contents: (string | undefined)[];
  /** The mapping at or before a position (from 0) on its line; undefined where there is none. O(log mappings). */
  find(line: number, column: number): MappedPosition | undefined;
}

const COLUMNS = 6; // generated line and column, source, line, column, name
const MAX_DEPTH = 4;

/** Decodes a map. Throws where it is malformed. O(mappings). */
export function decodeSourceMap(payload: SourceMapPayload): SourceMap {
  const collected = {
    rows: [] as number[],
    sources: [] as string[],
    contents: [] as (string | undefined)[],
    names: [] as string[],
  };
  collect(payload, 0, 0, 0, collected);
  const { sources, contents, names } = collected;
  const rows = sorted(Float64Array.from(collected.rows));
  const count = rows.length / COLUMNS;
  return {
    sources,
    contents,
    find(line, column) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const at = middle * COLUMNS;
        if (rows[at] < line || (rows[at] === line && rows[at + 1] <= column)) low = middle + 1;
        else high = middle;
      }
      const at = (low - 1) * COLUMNS;
      if (low === 0 || rows[at] !== line || rows[at + 2] < 0) return undefined;
      const name = rows[at + 1] === column && rows[at + 5] >= 0 ? names[rows[at + 5]] : undefined;
      return {
        source: rows[at + 2],
        line: rows[at + 3],
        column: rows[at + 4],
        ...(name === undefined ? {} : { name }),
      };
    },
  };
}

interface Collected {
  rows: number[];
  sources: string[];
  contents: (string | undefined)[];
  names: string[];
}

function collect(payload: SourceMapPayload, line: number, column: number, depth: number, into: Collected): void {
  if (depth > MAX_DEPTH) throw new Error('sections within sections');
  if (Array.isArray(payload.sections)) {
    for (const { offset, map } of payload.sections) {
      collect(map, line + offset.line, offset.line === 0 ? column + offset.column : offset.column, depth + 1, into);
    }
    return;
  }
  const { sourceRoot = '', sources = [], sourcesContent, names = [], mappings } = payload;
  if (typeof mappings !== 'string') throw new Error('no mappings');
  const firstSource = into.sources.length;
  const firstName = into.names.length;
  const root = sourceRoot === '' || sourceRoot.endsWith('/') ? sourceRoot : `${sourceRoot}/`;
  sources.forEach((source, at) => {
    into.sources.push(`${isAbsolute(source ?? '') ? '' : root}${source ?? ''}`);
    into.contents.push(sourcesContent?.[at] ?? undefined);
  });
  for (const name of names) into.names.push(name);
  decode(mappings, line, column, (generatedLine, generatedColumn, source, sourceLine, sourceColumn, name) => {
    into.rows.push(
      generatedLine,
      generatedColumn,
      source < 0 ? -1 : firstSource + source,
      sourceLine,
      sourceColumn,
      name < 0 ? -1 : firstName + name,
    );
    if (source >= sources.length || name >= names.length) throw new Error('an index beyond the lists');
  });
}

function isAbsolute(source: string): boolean {
  return source.startsWith('/') || /^[a-z][a-z\d+.-]*:/i.test(source);
}

const DIGITS = new Int8Array(128).fill(-1);
Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').forEach((digit, value) => {
  DIGITS[digit] = value;
});
const COMMA = 44;
const SEMICOLON = 59;

type OnMapping = (
  line: number,
  column: number,
  source: number,
  sourceLine: number,
  sourceColumn: number,
  name: number,
) => void;

/** Calls back for every segment; source and name are -1 where it has none. */
function decode(mappings: string, firstLine: number, firstColumn: number, onMapping: OnMapping): void {
  let line = firstLine;
  let column = firstColumn;
  const last = [0, 0, 0, 0]; // source, its line and column, name
  for (let at = 0; at < mappings.length;) {
    const code = mappings.charCodeAt(at);
    if (code === SEMICOLON) {
      line++;
      column = 0;
      at++;
      continue;
    }
    if (code === COMMA) {
      at++;
      continue;
    }
    let fields = 0;
    for (; at < mappings.length; fields++) {
      const separator = mappings.charCodeAt(at);
      if (separator === COMMA || separator === SEMICOLON) break;
      let value = 0;
      for (let shift = 0, digit = 32; digit & 32; shift += 5, at++) {
        digit = DIGITS[mappings.charCodeAt(at)] ?? -1;
        if (digit < 0 || shift > 30) throw new Error('no base64 VLQ');
        value += (digit & 31) * 2 ** shift;
      }
      const delta = value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
      if (fields === 0) column += delta;
      else if (fields <= 4) last[fields - 1] += delta;
    }
    onMapping(line, column, fields >= 4 ? last[0] : -1, last[1], last[2], fields >= 5 ? last[3] : -1);
  }
}

/** Rows by generated line and column; encoders nearly always write them so. */
function sorted(rows: Float64Array): Float64Array {
  const count = rows.length / COLUMNS;
  const before = (a: number, b: number): number =>
    rows[a * COLUMNS] - rows[b * COLUMNS] || rows[a * COLUMNS + 1] - rows[b * COLUMNS + 1];
  let inOrder = true;
  for (let at = 1; at < count && inOrder; at++) inOrder = before(at - 1, at) <= 0;
  if (inOrder) return rows;
  const order = Array.from({ length: count }, (_, at) => at).sort(before);
  const result = new Float64Array(rows.length);
  order.forEach((from, to) => result.set(rows.subarray(from * COLUMNS, (from + 1) * COLUMNS), to * COLUMNS));
  return result;
}
