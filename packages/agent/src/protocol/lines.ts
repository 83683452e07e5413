/**
 * Splits a byte stream into lines, with a bound on what it keeps.
 *
 * Bytes are joined before they are decoded, so that a character cut in two by a packet survives.
 * A line longer than the bound is skipped up to its end and counted; memory stays below the bound
 * plus one chunk whatever the other end sends.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: string) => void;
  // Grows by doubling up to the bound: a list of parts would cost far more than the bytes when
  // they come one by one.
  #held: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #skipping = false;
  /** Lines that have ended so far, with the skipped and the empty ones. */
  lines = 0;
  /** Lines that were longer than the bound and have been skipped. */
  skippedLines = 0;

  /**
   * @param maxLineBytes the longest line that is passed on
   * @param onLine is called for each line, without its line feed; empty lines are left out
   */
  constructor(maxLineBytes: number, onLine: (line: string) => void) {
    this.#maxLineBytes = maxLineBytes;
    this.#onLine = onLine;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(10, start);
      if (end === -1) {
        this.#keep(chunk.subarray(start));
        return;
      }
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      this.#endLine();
    }
  }

  /** How many bytes of an unfinished line are held now. */
  get heldBytes(): number {
    return this.#bytes;
  }

  #keep(part: Buffer): void {
    if (this.#skipping || part.length === 0) return;
    const needed = this.#bytes + part.length;
    if (needed > this.#maxLineBytes) {
      this.#skipping = true;
      this.#held = Buffer.alloc(0);
      this.#bytes = 0;
      return;
    }
    if (needed > this.#held.length) {
      const larger = Buffer.alloc(Math.min(this.#maxLineBytes, Math.max(1024, needed * 2)));
      this.#held.copy(larger, 0, 0, this.#bytes);
      this.#held = larger;
    }
    part.copy(this.#held, this.#bytes);
    this.#bytes = needed;
  }

  #endLine(): void {
    this.lines += 1;
    if (this.#skipping) {
      this.#skipping = false;
      this.skippedLines += 1;
      return;
    }
    const line = this.#held.toString('utf8', 0, this.#bytes);
    this.#bytes = 0;
    if (line.length > 0) this.#onLine(line);
  }
}
