import type { SnapshotAttempt } from './fork/attempt.ts';

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
  /** Snapshots cannot be forked on this platform, or in a program that is linked like this one. */
  EBB_CAPTURE_UNSUPPORTED: 'snapshots without a pause are not possible here',
  /** The native addon was not built when the package was installed. */
  EBB_CAPTURE_NO_ADDON: 'the native addon for snapshots without a pause is missing',
  /** One capture at a time in a process. */
  EBB_CAPTURE_BUSY: 'another snapshot of this process is being taken',
  /** The kernel refused to fork, or to give what a fork needs. */
  EBB_CAPTURE_FORK_FAILED: 'the kernel did not fork the process',
  /** The child died, hung or took too long, as often as was tried. */
  EBB_CAPTURE_CHILD_FAILED: 'the child that writes the snapshot failed',
  /** The child was ended because memory or the disk ran low while it wrote. */
  EBB_CAPTURE_STOPPED: 'the snapshot was given up before memory or the disk ran out',
  /** Whoever asked for the snapshot called it off. */
  EBB_CAPTURE_ABORTED: 'the snapshot was called off',
  /** A file that was to be scrubbed is no heap snapshot, or not a whole one. */
  EBB_CAPTURE_NOT_A_SNAPSHOT: 'the file is not a whole heap snapshot',
  /** There is no such process, or it does not run. */
  EBB_CAPTURE_NO_PROCESS: 'there is no such process',
  /** The process belongs to another user, or does not let itself be looked at. */
  EBB_CAPTURE_NOT_YOURS: 'the process is not yours to touch',
  /** The process is not Node.js. */
  EBB_CAPTURE_NOT_NODE: 'the process is not Node.js',
  /** The process does not catch SIGUSR1, which would kill it. Nothing was sent. */
  EBB_CAPTURE_NO_SIGNAL: 'the process does not catch the signal that opens its inspector',
  /** The process has a network namespace of its own, where its inspector cannot be reached. Nothing was sent. */
  EBB_CAPTURE_OTHER_NETWORK: 'the process has a network of its own',
  /** Something else listens where the inspector would, or answers there. */
  EBB_CAPTURE_PORT_TAKEN: 'the port of the inspector is taken',
  /** The process got the signal and opened no inspector. */
  EBB_CAPTURE_NO_INSPECTOR: 'the process opened no inspector',
  /** The main thread of the process did not answer in time. */
  EBB_CAPTURE_NO_ANSWER: 'the process did not answer',
  /** The process ended, or the connection to it broke. */
  EBB_CAPTURE_LOST: 'the connection to the process was lost',
  /** Something that was evaluated in the process threw, or its inspector refused it. */
  EBB_CAPTURE_TARGET: 'an expression failed in the process',
  /** The allocations of this thread cannot be sampled, or its objects counted: no inspector, or somebody else's profiler runs. */
  EBB_CAPTURE_PROFILER: 'the profiler of this thread cannot be used',
  /** This runtime offers no way to force a full collection. */
  EBB_CAPTURE_NO_GC: 'a full collection cannot be forced here',
} as const;

/** A stable code of this package's errors. */
export type CaptureErrorCode = keyof typeof captureErrorCodes;

/** The only thing that `@ebb/capture` throws; `code` is stable. */
export class CaptureError extends Error {
  readonly code: CaptureErrorCode;
  /** What was tried before it was given up, with the pauses that it cost; empty where nothing was. */
  attempts: readonly SnapshotAttempt[] = [];

  constructor(code: CaptureErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CaptureError';
    this.code = code;
  }
}
