/** The stable codes of everything that can go wrong in this package. `docs/errors.md` tells of each what to do. */
export const heapErrorCodes = [
  'EBB_HEAP_FILE_NOT_FOUND',
  'EBB_HEAP_FILE_UNREADABLE',
  'EBB_HEAP_COMPRESSION',
  'EBB_HEAP_NOT_A_SNAPSHOT',
  'EBB_HEAP_UNKNOWN_FORMAT',
  'EBB_HEAP_TRUNCATED',
  'EBB_HEAP_CORRUPT',
  'EBB_HEAP_TOO_LARGE',
  'EBB_HEAP_DIFFERENT_PROGRAMS',
  'EBB_HEAP_WRONG_ORDER',
  'EBB_HEAP_SOURCE_MAPS_UNREADABLE',
  'EBB_HEAP_UNKNOWN_OBJECT',
  'EBB_HEAP_BAD_QUERY',
  'EBB_HEAP_CLOSED',
  'EBB_HEAP_ABORTED',
  'EBB_HEAP_WORKER_FAILED',
] as const;

/** One of {@link heapErrorCodes}. */
export type HeapErrorCode = (typeof heapErrorCodes)[number];

/** An error of the analyser: a stable code, what happened with the value that caused it, and what to do next. */
export class HeapError extends Error {
  override readonly name = 'HeapError';
  readonly code: HeapErrorCode;

  constructor(code: HeapErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
