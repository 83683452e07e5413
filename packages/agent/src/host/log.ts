/**
 * What the agent tells a person where nobody else listens: one line of JSON on standard error for each thing worth
 * knowing, and each only once. Written to the descriptor itself, since programs replace `console` and `process.stderr`.
 */
import { writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import type { AgentErrorCode } from '../error.ts';
import type { HostClock } from './clock.ts';

/** More than this in one process's life is noise. */
const maxLines = 50;

export class Log {
  readonly #clock: Pick<HostClock, 'now'>;
  readonly #write: (line: string) => void;
  readonly #told = new Set<string>();

  /** @param write undefined: nothing is told */
  constructor(clock: Pick<HostClock, 'now'>, write: ((line: string) => void) | undefined) {
    this.#clock = clock;
    this.#write = write ?? (() => undefined);
  }

  /** Tells a sentence, with what belongs to it, unless the same was told before. Never throws. */
  tell(level: 'error' | 'warn' | 'info', code: AgentErrorCode, message: string, details: object = {}): void {
    if (this.#told.size >= maxLines || this.#told.has(message)) return;
    this.#told.add(message);
    const time = isoTime(this.#clock.now());
    const line = { time, level, source: 'ebb', code, message, pid: process.pid, threadId, ...details };
    try {
      this.#write(`${JSON.stringify(line)}\n`);
    } catch {
      // A closed or full standard error is the host's affair.
    }
  }
}

/** Null where the clock tells no time, or the program has put something else in the place of Date. */
function isoTime(timeMs: number): string | null {
  try {
    return new Date(timeMs).toISOString();
  } catch {
    return null;
  }
}

/** Writes a line to standard error; throws when that is closed, or a pipe that is full. */
export function writeToStandardError(line: string): void {
  writeSync(2, line);
}
