import { CaptureError, type CaptureErrorCode } from '@ebb/capture';

/** What was asked for is there, and Ebb could not finish; anything else is about what was asked for. */
const UNFINISHED: ReadonlySet<CaptureErrorCode> = new Set<CaptureErrorCode>([
  'EBB_CAPTURE_NO_DISK',
  'EBB_CAPTURE_NO_MEMORY',
  'EBB_CAPTURE_INCOMPLETE',
  'EBB_CAPTURE_UNSUPPORTED',
  'EBB_CAPTURE_NO_ADDON',
  'EBB_CAPTURE_BUSY',
  'EBB_CAPTURE_FORK_FAILED',
  'EBB_CAPTURE_CHILD_FAILED',
  'EBB_CAPTURE_STOPPED',
  'EBB_CAPTURE_ABORTED',
  'EBB_CAPTURE_PORT_TAKEN',
  'EBB_CAPTURE_NO_INSPECTOR',
  'EBB_CAPTURE_NO_ANSWER',
  'EBB_CAPTURE_LOST',
  'EBB_CAPTURE_TARGET',
]);

/** Where a pause is the way out, if somebody consents to it. */
const PAUSE_HELPS: ReadonlySet<CaptureErrorCode> = new Set<CaptureErrorCode>([
  'EBB_CAPTURE_UNSUPPORTED',
  'EBB_CAPTURE_NO_ADDON',
  'EBB_CAPTURE_FORK_FAILED',
  'EBB_CAPTURE_CHILD_FAILED',
]);

/** Gives an error of `@ebb/capture` the exit code that it ends `ebb` with, and the way out that this command offers. */
export function judged(error: unknown, method: 'fork' | 'auto' | 'inline' = 'inline'): unknown {
  if (!(error instanceof CaptureError)) return error;
  const next =
    method === 'fork' && PAUSE_HELPS.has(error.code)
      ? '`--method auto` takes it all the same; the process then stands still, for 5 to 20 s with 100 MB of heap'
      : undefined;
  return Object.assign(error, { exitCode: UNFINISHED.has(error.code) ? 3 : 2 }, next === undefined ? {} : { next });
}
