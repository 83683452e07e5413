import { SERVER_ERRORS, type ServerErrorCode } from './registry.ts';

/** An error of the server: a stable code, what happened with the value that caused it, and what to do next. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  /** What the reader can do about it. */
  readonly next: string;
  /** The status of the answer that tells it. */
  readonly statusCode: number;
  /** What a process that ends by it ends with. */
  readonly exitCode: number;

  constructor(code: ServerErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    const { next, status, exitCode } = SERVER_ERRORS[code];
    this.next = next;
    this.statusCode = status;
    this.exitCode = exitCode;
  }
}
