/** Where the log is written to: a failure that comes with each of a thousand requests a second must not fill a disk. */

const windowMs = 10_000;
const mostLines = 50;

/** Passes on so many lines in ten seconds, and says how many it left out. */
export class LogStream {
  readonly #output: { write(line: string): unknown };
  readonly #now: () => number;
  #untilMs = 0;
  #lines = 0;

  constructor(output: { write(line: string): unknown }, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Writes a line, with its end; or counts it. */
  write(line: string): void {
    const nowMs = this.#now();
    if (nowMs >= this.#untilMs) {
      const leftOut = this.#lines - mostLines;
      this.#untilMs = nowMs + windowMs;
      this.#lines = 0;
      if (leftOut > 0) this.#output.write(`{"level":50,"time":${nowMs},"msg":"${leftOut} lines were left out"}\n`);
    }
    this.#lines += 1;
    if (this.#lines <= mostLines) this.#output.write(line);
  }
}
