import type { StringSink } from './json-scanner.ts';
import { StringTable } from './string-table.ts';

/** Gathers the bytes of all strings into one array while the file is scanned. */
export class StringCollector implements StringSink {
  #bytes: Uint8Array;
  #starts = new Float64Array(1 << 16);
  #used = 0;
  #count = 0;

  /** `expectedBytes`: what is left of the file is an upper bound, and nearly what is needed. */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(Math.max(1024, expectedBytes));
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#used + length > this.#bytes.length) this.#grow(this.#used + length);
    // A view costs more than a short copy, and most strings are short.
    if (length > 64) this.#bytes.set(bytes.subarray(start, end), this.#used);
    else for (let at = start, to = this.#used; at < end; at++, to++) this.#bytes[to] = bytes[at];
    this.#used += length;
  }

  finishString(): void {
    this.#count++;
    if (this.#count === this.#starts.length) {
      const larger = new Float64Array(this.#starts.length * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#count] = this.#used;
  }

  finish(): StringTable {
    return new StringTable(this.#bytes, this.#starts, this.#count);
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
