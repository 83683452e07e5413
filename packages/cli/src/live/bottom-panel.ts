import type { WriteStream } from 'node:tty';

const ESC = '\u001b';
const SAVE = `${ESC}7`;
const RESTORE = `${ESC}8`;

/**
 * Keeps the bottom rows of a terminal for Ebb while a program writes above them: a scroll region (DECSTBM) ends before
 * those rows, as apt's progress bar does it. Each frame is one write, between a saved and a restored cursor, so that
 * the program's own cursor stays where it was. The region is set anew with each frame, because programs reset it.
 */
export class BottomPanel {
  readonly #stream: WriteStream;
  #height = 0;
  #terminalRows = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get open(): boolean {
    return this.#height > 0;
  }

  /** Makes room for `height` rows at the bottom; what stands there scrolls up. */
  reserve(height: number): void {
    this.release();
    if (height <= 0) return;
    this.#height = height;
    this.#terminalRows = this.#stream.rows;
    const makeRoom = `${'\r\n'.repeat(height)}${ESC}[${height}A`;
    this.#stream.write(`${makeRoom}${SAVE}${this.#region()}${RESTORE}`);
  }

  /** Draws lines into the reserved rows. They must fit the width. */
  draw(lines: readonly string[]): void {
    if (this.#height === 0) return;
    const first = this.#terminalRows - this.#height + 1;
    let frame = `${SAVE}${this.#region()}${ESC}[0m`;
    for (let k = 0; k < this.#height; k++) frame += `${ESC}[${String(first + k)};1H${ESC}[2K${lines[k] ?? ''}`;
    this.#stream.write(`${frame}${ESC}[0m${RESTORE}`);
  }

  /** Gives the rows back: the region is the whole screen again, and the panel is wiped. */
  release(): void {
    if (this.#height === 0) return;
    const first = Math.max(1, this.#terminalRows - this.#height + 1);
    this.#height = 0;
    this.#stream.write(`${SAVE}${ESC}[r${ESC}[${first};1H${ESC}[0J${RESTORE}`);
  }

  /** The terminal has another size: the panel may have been moved, so everything below the cursor goes, and room is made anew. */
  resized(height: number): void {
    if (this.#height === 0) {
      this.reserve(height);
      return;
    }
    this.#height = 0;
    this.#stream.write(`${SAVE}${ESC}[r${RESTORE}${ESC}[0J`);
    this.reserve(height);
  }

  #region(): string {
    return `${ESC}[1;${String(Math.max(1, this.#terminalRows - this.#height))}r`;
  }
}
