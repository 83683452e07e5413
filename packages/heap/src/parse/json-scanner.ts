/**
 * A scanner for just the JSON that a heap snapshot is: one object whose values are a small header, long arrays of
 * non-negative integers (kernel/scan-rows.ts) and one array of strings. It works on bytes in chunks, so that no part of the file but the
 * strings is ever held as text, and a file may be longer than the longest string or buffer.
 */
import { HeapError } from '../errors/heap-error.ts';
import type { ByteReader } from './byte-reader.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COLON = 0x3a;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The file ends within one of its parts. */
export class TruncatedError extends HeapError {
  /** The part. */
  readonly within: string;

  /** `left`: a sentence on what there is of the snapshot. */
  constructor(reader: ByteReader, within: string, left?: string) {
    super(
      'EBB_HEAP_TRUNCATED',
      `${reader.file} ends after ${reader.offset} ${reader.unit}, within its ${within}: the file is cut off. ${left === undefined ? '' : `${left} `}Was the process killed or the disk full while it was written? Take the snapshot again.`,
    );
    this.within = within;
  }
}

/** The error for a file that holds what no snapshot does. */
export function corrupt(reader: ByteReader, what: string): HeapError {
  return new HeapError(
    'EBB_HEAP_CORRUPT',
    `${reader.file} is damaged at byte ${reader.offset}: ${what}. Copy or take the snapshot again.`,
  );
}

/** Takes white space, then returns the next byte without taking it; -1 at the end. */
export function peekToken(reader: ByteReader): number {
  let byte = reader.peek();
  while (isSpace(byte)) {
    reader.position++;
    byte = reader.peek();
  }
  return byte;
}

/** Takes white space and one expected byte. */
function expectByte(reader: ByteReader, wanted: number, within: string): void {
  const byte = peekToken(reader);
  if (byte === -1) throw new TruncatedError(reader, within);
  if (byte !== wanted)
    throw corrupt(
      reader,
      `expected ${JSON.stringify(String.fromCharCode(wanted))} in its ${within}, found ${JSON.stringify(String.fromCharCode(byte))}`,
    );
  reader.position++;
}

/** Takes the bracket that opens an array. */
export function openArray(reader: ByteReader, within: string): void {
  expectByte(reader, OPEN_BRACKET, within);
}

/** Calls `take` for each key of the object that begins here; `take` must take the key's value. */
export function scanObject(reader: ByteReader, within: string, take: (key: string) => void): void {
  expectByte(reader, OPEN_BRACE, within);
  if (peekToken(reader) === CLOSE_BRACE) {
    reader.position++;
    return;
  }
  for (;;) {
    const key = scanKey(reader, within);
    expectByte(reader, COLON, within);
    take(key);
    const byte = peekToken(reader);
    const after = JSON.stringify(key.slice(0, 40));
    if (byte === -1) throw new TruncatedError(reader, `${within}, after ${after}`);
    reader.position++;
    if (byte === CLOSE_BRACE) return;
    if (byte !== COMMA) throw corrupt(reader, `expected a comma after ${after}`);
  }
}

function scanKey(reader: ByteReader, within: string): string {
  const byte = peekToken(reader);
  if (byte === -1) throw new TruncatedError(reader, within);
  if (byte !== QUOTE) {
    throw corrupt(reader, `expected a key in its ${within}, found ${JSON.stringify(String.fromCharCode(byte))}`);
  }
  try {
    return JSON.parse(scanValueText(reader, within)) as string;
  } catch (cause) {
    if (cause instanceof SyntaxError) throw corrupt(reader, `a key of its ${within} is no JSON string`);
    throw cause;
  }
}

/** A header is about three kilobytes long. */
const MAX_VALUE_TEXT_BYTES = 1 << 20;

/** Takes one JSON value of any kind and returns its text; for small values (the header, keys) only. */
export function scanValueText(reader: ByteReader, within: string): string {
  const runs: Buffer[] = [];
  let length = 0;
  scanValue(reader, within, (bytes) => {
    length += bytes.length;
    if (length > MAX_VALUE_TEXT_BYTES) {
      throw corrupt(reader, `its ${within} is longer than ${MAX_VALUE_TEXT_BYTES} bytes`);
    }
    runs.push(Buffer.from(bytes)); // a copy: the chunk will be overwritten
  });
  return Buffer.concat(runs, length).toString('utf8');
}

/** Takes one JSON value of any kind, looking at nothing but its nesting; `onRun` gets its bytes, run by run. */
export function scanValue(reader: ByteReader, within: string, onRun?: (bytes: Uint8Array) => void): void {
  const first = peekToken(reader);
  if (first === COMMA || first === CLOSE_BRACE || first === CLOSE_BRACKET) {
    throw corrupt(reader, `a value is missing in its ${within}`);
  }
  let depth = 0;
  let inString = false;
  let escaped = false; // the byte at hand follows a backslash
  let done = false;
  while (!done) {
    if (reader.position >= reader.end && !reader.refill()) throw new TruncatedError(reader, within);
    const { chunk, end, position: start } = reader;
    let at = start;
    for (; at < end && !done; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          inString = false;
          done = depth === 0;
        }
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte))) {
        done = true; // a number or a word has ended before this byte
        at--;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) done = --depth === 0;
    }
    onRun?.(chunk.subarray(start, at));
    reader.position = at;
  }
}

/** Receives the JSON text of strings, without quotes, a run of bytes at a time. */
export interface StringSink {
  append(bytes: Uint8Array, start: number, end: number): void;
  finishString(): void;
}

/** Takes an array of strings. */
export function scanStrings(reader: ByteReader, within: string, sink: StringSink): void {
  expectByte(reader, OPEN_BRACKET, within);
  if (peekToken(reader) === CLOSE_BRACKET) {
    reader.position++;
    return;
  }
  for (;;) {
    expectByte(reader, QUOTE, within);
    scanOneString(reader, within, sink);
    const byte = peekToken(reader);
    if (byte === -1) throw new TruncatedError(reader, within);
    reader.position++;
    if (byte === CLOSE_BRACKET) return;
    if (byte !== COMMA) throw corrupt(reader, `expected a comma among its ${within}`);
  }
}

function scanOneString(reader: ByteReader, within: string, sink: StringSink): void {
  let escaped = false; // the byte at hand follows a backslash
  for (;;) {
    if (reader.position >= reader.end && !reader.refill()) throw new TruncatedError(reader, within);
    const { chunk, end } = reader;
    const start = reader.position;
    let at = start;
    for (; at < end; at++) {
      const byte = chunk[at];
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) break;
    }
    sink.append(chunk, start, at);
    if (at < end) {
      reader.position = at + 1;
      sink.finishString();
      return;
    }
    reader.position = at;
  }
}
