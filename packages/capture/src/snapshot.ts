import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { CaptureError } from './error.ts';
import { measureRoom, requireRoom, type Room } from './room.ts';

/** A heap snapshot that has been written. */
export interface SnapshotCapture {
  /** Absolute path; mode 0600. */
  file: string;
  /** Written in the thread itself, which stood still meanwhile. */
  method: 'inline';
  /** How long the thread stood still. */
  pauseMs: number;
  bytes: number;
}

/** How a snapshot is taken. */
export interface SnapshotOptions {
  /** How the room is measured; default: this process, its disk, its container. */
  measureRoom?: (file: string) => Room;
  /** What V8 is asked to put into it; default: numbers, too. */
  contents?: { exposeInternals?: boolean; exposeNumericValues?: boolean };
  /** What writes the file; default: V8. */
  write?: (file: string) => void;
}

/**
 * Writes a heap snapshot of this thread into `file`, in this thread: it stands still for about 40
 * ms per MB of heap. The file is readable by its owner only, from its first moment; a file that
 * exists is left alone. A snapshot that does not become whole is removed.
 *
 * @throws {CaptureError} EBB_CAPTURE_EXISTS, EBB_CAPTURE_FILE, EBB_CAPTURE_NO_DISK,
 *   EBB_CAPTURE_NO_MEMORY, EBB_CAPTURE_INCOMPLETE; nothing else
 */
export function captureSnapshotInline(file: string, options: SnapshotOptions = {}): SnapshotCapture {
  const path = resolve(file);
  requireRoom(path, (options.measureRoom ?? measureRoom)(path));
  createPrivate(path);
  const start = process.hrtime();
  try {
    // V8 opens the file that stands there and keeps its mode.
    if (options.write === undefined) writeHeapSnapshot(path, { exposeNumericValues: true, ...options.contents });
    else options.write(path);
    const [seconds, nanoseconds] = process.hrtime(start);
    const pauseMs = seconds * 1e3 + nanoseconds / 1e6;
    const bytes = requireWhole(path);
    return { file: path, method: 'inline', pauseMs, bytes };
  } catch (cause) {
    remove(path);
    if (cause instanceof CaptureError) throw cause;
    throw new CaptureError(
      'EBB_CAPTURE_INCOMPLETE',
      `Writing the snapshot ${path} failed (${reasonOf(cause)}). Look at the room on that disk, and at its permissions.`,
      { cause },
    );
  }
}

function createPrivate(path: string): void {
  let descriptor: number | undefined;
  try {
    // The umask can only take away from this mode; fchmod is forbidden under the permission model.
    descriptor = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (descriptor === undefined && codeOf(cause) === 'EEXIST') {
      throw new CaptureError('EBB_CAPTURE_EXISTS', `${path} exists already. Name a file that does not exist.`, {
        cause,
      });
    }
    throw new CaptureError(
      'EBB_CAPTURE_FILE',
      `${path} cannot be written (${reasonOf(cause)}). Name a file in a directory that exists and that you may write to.`,
      { cause },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A full disk leaves a cut file without an error in some versions: the last byte tells. */
function requireWhole(path: string): number {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(16);
    const read = readSync(descriptor, tail, 0, tail.length, Math.max(0, size - tail.length));
    if (!tail.toString('latin1', 0, read).trimEnd().endsWith('}')) {
      throw new CaptureError(
        'EBB_CAPTURE_INCOMPLETE',
        `The snapshot ${path} was cut off after ${String(size)} bytes. Look at the room on that disk.`,
      );
    }
    return size;
  } finally {
    closeSync(descriptor);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It may be gone, or the directory may have become read-only: the first error says more.
  }
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
