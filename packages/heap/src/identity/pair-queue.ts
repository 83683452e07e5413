const CHUNK_PAIRS = 1 << 15;

/** Pairs of 32-bit numbers, first in, first out. What was taken out takes no memory. */
export class PairQueue {
  readonly #chunks: Uint32Array[] = [];
  #head = 0;
  #tail = CHUNK_PAIRS;
  /** The pair that {@link shift} took out. */
  first = 0;
  second = 0;

  push(first: number, second: number): void {
    if (this.#tail === CHUNK_PAIRS) {
      this.#chunks.push(new Uint32Array(2 * CHUNK_PAIRS));
      this.#tail = 0;
    }
    const chunk = this.#chunks[this.#chunks.length - 1];
    chunk[2 * this.#tail] = first;
    chunk[2 * this.#tail + 1] = second;
    this.#tail++;
  }

  /** Takes the oldest pair out; false where there is none. */
  shift(): boolean {
    if (this.#chunks.length === 0 || (this.#chunks.length === 1 && this.#head === this.#tail)) return false;
    const [chunk] = this.#chunks;
    this.first = chunk[2 * this.#head];
    this.second = chunk[2 * this.#head + 1];
    if (++this.#head === CHUNK_PAIRS) {
      this.#chunks.shift();
      this.#head = 0;
      if (this.#chunks.length === 0) this.#tail = CHUNK_PAIRS;
    }
    return true;
  }
}
