import { CLI_ERRORS, type CliErrorCode } from './registry.ts';

/**
 * An error of the command line: what happened (with the value that caused it), a stable code, and what to do next.
 * The message is one sentence without a full stop.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  /** What the reader can do about it. */
  readonly next: string;
  /** What the process ends with when this error is what ended it. */
  readonly exitCode: number;

  constructor(code: CliErrorCode, message: string, options: { next?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next ?? CLI_ERRORS[code].next;
    this.exitCode = CLI_ERRORS[code].exitCode ?? 3;
  }
}
