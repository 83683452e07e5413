/**
 * Every code that a {@link CaptureError} can have, with what it means. The one registry of this
 * package; codes never change their meaning.
 */
export const captureErrorCodes = {
  /** The target file exists already; evidence is never overwritten. */
  EBB_CAPTURE_EXISTS: 'the target file exists already',
  /** The target file cannot be made or written (missing directory, permission, read-only disk). */
  EBB_CAPTURE_FILE: 'the target file cannot be written',
  /** The file would fill the disk. */
  EBB_CAPTURE_NO_DISK: 'there is not enough room on the disk',
  /** Writing would use up the memory of the container or the machine. */
  EBB_CAPTURE_NO_MEMORY: 'there is not enough free memory to write a snapshot',
  /** The file was begun but did not become whole; it has been removed. */
  EBB_CAPTURE_INCOMPLETE: 'the snapshot did not become whole',
  /** This runtime offers no way to force a full collection. */
  EBB_CAPTURE_NO_GC: 'a full collection cannot be forced here',
} as const;

/** A stable code of this package's errors. */
export type CaptureErrorCode = keyof typeof captureErrorCodes;

/** The only thing that `@ebb/capture` throws; `code` is stable. */
export class CaptureError extends Error {
  readonly code: CaptureErrorCode;

  constructor(code: CaptureErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CaptureError';
    this.code = code;
  }
}
