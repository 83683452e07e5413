/**
 * Reads the strings of the last array of a snapshot out of bytes that come in pieces.
 */

const quote = 0x22;
const backslash = 0x5c;
const closing = 0x5d;

/** Longer strings are never looked into: they are no names. */
const mostBytes = 256;

/** One array of strings, piece by piece. */
export class StringScanner {
  #inString = false;
  #escaped = false;
  #index = 0;
  #length = 0;
  readonly #head: Uint8Array = new Uint8Array(mostBytes);
  readonly #tell: (index: number, head: Uint8Array, length: number) => void;

  /**
   * @param tell gets each string's index, its first bytes as they stand in the file (escapes and all, without quotes;
   *   to be read at once), and its length in bytes there
   */
  constructor(tell: (index: number, head: Uint8Array, length: number) => void) {
    this.#tell = tell;
  }

  /** How many strings have been told. */
  get count(): number {
    return this.#index;
  }

  /** @returns the offset behind the `]` that ends the array, or -1 when it goes on after these bytes */
  scan(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (!this.#inString) {
        if (byte === closing) return at + 1;
        if (byte !== quote) continue;
        this.#inString = true;
        this.#length = 0;
      } else if (this.#escaped) {
        this.#escaped = false;
        this.#add(byte);
      } else if (byte === quote) {
        this.#inString = false;
        this.#tell(this.#index++, this.#head, this.#length);
      } else {
        this.#escaped = byte === backslash;
        this.#add(byte);
      }
    }
    return -1;
  }

  #add(byte: number): void {
    if (this.#length < mostBytes) this.#head[this.#length] = byte;
    this.#length++;
  }
}

/** The text of a string that {@link StringScanner} told; null when it is longer than any name, or has escapes in it. */
export function plainText(head: Uint8Array, length: number): string | null {
  if (length > mostBytes) return null;
  const text = Buffer.from(head.buffer, head.byteOffset, length).toString('utf8');
  return text.includes('\\') ? null : text;
}
