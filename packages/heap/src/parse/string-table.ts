/**
 * The snapshot's strings, kept as the bytes of the file and decoded one at a time on demand: most of them (string
 * contents, source texts) are never looked at, and must not be.
 */
export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #starts: Float64Array;
  readonly #cache = new Map<number, string>();
  /** How many strings there are. */
  readonly length: number;

  /** `starts[i]` and `starts[i + 1]` bound the i-th string's JSON text, without its quotes, in `bytes`. */
  constructor(bytes: Uint8Array, starts: Float64Array, length: number) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.length = length;
  }

  /** The i-th string; the empty string where there is none. */
  get(index: number): string {
    if (!(index >= 0 && index < this.length)) return '';
    const known = this.#cache.get(index);
    if (known !== undefined) return known;
    const raw = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#starts[index], this.byteLength(index));
    const text = raw.includes(0x5c) ? decodeEscapes(raw.toString('utf8')) : raw.toString('utf8');
    if (raw.length <= 256) this.#cache.set(index, text);
    return text;
  }

  /** Bytes of the i-th string's JSON text: an upper bound of its length, without decoding it. */
  byteLength(index: number): number {
    return this.#starts[index + 1] - this.#starts[index];
  }
}

function decodeEscapes(json: string): string {
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    return json; // A control character left bare, or an escape that JSON does not know: shown as it stands.
  }
}
