import { TEST_ERRORS, type TestErrorCode } from './registry.ts';

/** Why a memory test came to no verdict: a stable code, what happened with the value that caused it, what to do next. */
export class TestError extends Error {
  override readonly name = 'TestError';
  readonly code: TestErrorCode;
  /** What the reader can do about it. */
  readonly next: string;
  /** What `ebb test` ends with. */
  readonly exitCode: 2 | 3;

  constructor(code: TestErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.next = TEST_ERRORS[code].next;
    this.exitCode = TEST_ERRORS[code].exitCode;
  }
}
