/**
 * `@ebb/capture`: takes evidence from the process that it runs in. In its first form the thread
 * stands still while a snapshot is written.
 */
export { collectGarbage, type CollectedFloor } from './collect.ts';
export { CaptureError, captureErrorCodes, type CaptureErrorCode } from './error.ts';
export { containerLimitBytes, containerMemory, type ContainerMemory, type ReadText } from './memory-limit.ts';
export { type Room } from './room.ts';
export { captureSnapshotInline, type SnapshotCapture, type SnapshotOptions } from './snapshot.ts';
