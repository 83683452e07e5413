/** What stands for a name that the file had lost: no name that code can have. */
export const LOST_NAME = '(name lost)';

/** The strings' bytes, as they were gathered. */
export interface StringBytes {
  /** All of `segmentBytes`; the i-th string's JSON text, without its quotes, is `starts[i]` to `starts[i + 1]` of them. */
  segments: readonly Uint8Array[];
  segmentBytes: number;
  starts: Uint32Array | Float64Array;
  /** How many strings there are. */
  length: number;
}

/** Shorter than V8's longest string, whatever the bytes are. */
const MOST_DECODED_BYTES = 1 << 28;
const MOST_CACHED_BYTES = 256;
/** A `Map` has room for 2^24. */
const MOST_CACHED = 1 << 20;

/**
 * The snapshot's strings, kept as the bytes of the file and decoded one at a time on demand: most of them (string
 * contents, source texts) are never looked at, and must not be.
 */
export class StringTable {
  readonly #segments: readonly Uint8Array[];
  readonly #segmentBytes: number;
  readonly #starts: Uint32Array | Float64Array;
  readonly #cache = new Map<number, string>();
  readonly #known: number;
  /** How many strings there are, those that are lost included. */
  readonly length: number;

  /** `lost`: so many strings more than there are bytes for went with the end of the file. */
  constructor({ segments, segmentBytes, starts, length }: StringBytes, lost: number) {
    this.#segments = segments;
    this.#segmentBytes = segmentBytes;
    this.#starts = starts;
    this.#known = length;
    this.length = length + lost;
  }

  /** Whether the i-th string went with the end of the file. */
  isLost(index: number): boolean {
    return index >= this.#known && index < this.length;
  }

  /** The i-th string; the empty string where there is none, {@link LOST_NAME} where it is lost. */
  get(index: number): string {
    if (!(index >= 0 && index < this.#known)) return this.isLost(index) ? LOST_NAME : '';
    const known = this.#cache.get(index);
    if (known !== undefined) return known;
    const raw = this.#bytesOf(index);
    const text = raw.includes(0x5c) ? decodeEscapes(raw.toString('utf8')) : raw.toString('utf8');
    if (raw.length <= MOST_CACHED_BYTES && this.#cache.size < MOST_CACHED) this.#cache.set(index, text);
    return text;
  }

  /** Whether the i-th string is a text of plain ASCII; only one of its length is decoded (and kept). */
  is(index: number, text: string): boolean {
    return this.byteLength(index) === text.length && this.get(index) === text;
  }

  /** A number that equal texts have in every table: of the length, the first 48 bytes and the last 16 (FNV-1a). */
  hash(index: number): number {
    const length = this.byteLength(index);
    const from = this.#within(index, length);
    const bytes = from < 0 ? this.#bytesOf(index) : this.#segments[this.#segmentOf(index)];
    const start = Math.max(0, from);
    const end = start + Math.min(length, MOST_DECODED_BYTES);
    const head = Math.min(end, start + 48);
    let hash = Math.imul(0x811c9dc5 ^ length, 0x01000193);
    for (let at = start; at < head; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    for (let at = Math.max(head, end - 16); at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  /** Whether the i-th string has the same JSON text as another's. */
  equals(index: number, other: StringTable, otherIndex: number): boolean {
    const length = this.byteLength(index);
    if (length !== other.byteLength(otherIndex)) return false;
    const from = this.#within(index, length);
    const otherFrom = other.#within(otherIndex, length);
    // Most are names of a few characters, and a view of each would cost more than the look at it.
    if (length > 64 || from < 0 || otherFrom < 0) return this.#bytesOf(index).equals(other.#bytesOf(otherIndex));
    const bytes = this.#segments[this.#segmentOf(index)];
    const otherBytes = other.#segments[other.#segmentOf(otherIndex)];
    for (let at = 0; at < length; at++) if (bytes[from + at] !== otherBytes[otherFrom + at]) return false;
    return true;
  }

  #segmentOf(index: number): number {
    return Math.floor(this.#starts[index] / this.#segmentBytes);
  }

  /** Where the i-th string begins in its segment; -1 where it goes on in the next. */
  #within(index: number, length: number): number {
    const from = this.#starts[index] - this.#segmentOf(index) * this.#segmentBytes;
    return from + length <= this.#segmentBytes ? from : -1;
  }

  #bytesOf(index: number): Buffer {
    const start = this.#starts[index];
    const length = Math.min(this.#starts[index + 1] - start, MOST_DECODED_BYTES);
    const segment = Math.floor(start / this.#segmentBytes);
    const at = start - segment * this.#segmentBytes;
    if (at + length <= this.#segmentBytes) return view(this.#segments[segment] ?? new Uint8Array(0), at, length);
    const pieces: Buffer[] = [];
    for (let taken = 0, k = segment, from = at; taken < length; k++, from = 0) {
      const piece = Math.min(length - taken, this.#segmentBytes - from);
      pieces.push(view(this.#segments[k], from, piece));
      taken += piece;
    }
    return Buffer.concat(pieces, length);
  }

  /** Whether the i-th string begins with a digit, without decoding it. */
  startsWithDigit(index: number): boolean {
    if (!(this.byteLength(index) > 0)) return false;
    const start = this.#starts[index];
    const segment = Math.floor(start / this.#segmentBytes);
    const first = this.#segments[segment][start - segment * this.#segmentBytes];
    return first >= 0x30 && first <= 0x39;
  }

  /** Bytes of the i-th string's JSON text: an upper bound of its length, without decoding it; 0 where there is none, or it is lost. */
  byteLength(index: number): number {
    return index < this.#known ? this.#starts[index + 1] - this.#starts[index] : 0;
  }
}

function view(bytes: Uint8Array, at: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
}

function decodeEscapes(json: string): string {
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    return json; // A control character left bare, or an escape that JSON does not know: shown as it stands.
  }
}
