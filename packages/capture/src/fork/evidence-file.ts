/**
 * The file that a child writes into: without a name until it is whole, so that nothing of a failed capture stays, not
 * even when the program is killed. Where the file system cannot do that, it has a name of its own beside the target.
 */
import { closeSync, existsSync, fstatSync, linkSync, openSync, readSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { CaptureError } from '../error.ts';
import type { Addon } from './addon.ts';
import { nameOfErrno } from './judge-end.ts';

/** A file that is being written; `publish` or `remove` ends it. */
export interface EvidenceFile {
  fd: number;
  /** Gives it its name, and returns its size. @throws {CaptureError} EBB_CAPTURE_EXISTS, EBB_CAPTURE_FILE */
  publish(): number;
  /** Takes away what there is. Never throws; harmless after `publish`. */
  remove(): void;
}

/**
 * @param file absolute path of the target
 * @throws {CaptureError} EBB_CAPTURE_EXISTS, EBB_CAPTURE_FILE
 */
export function createEvidenceFile(
  addon: Pick<Addon, 'hiddenFile' | 'nameFile' | 'closeFile'>,
  file: string,
): EvidenceFile {
  if (existsSync(file)) throw existsError(file);
  const hidden = addon.hiddenFile(dirname(file));
  if (hidden >= 0) {
    return evidenceFile(hidden, {
      name: () => requireSuccess(addon.nameFile(hidden, file), file),
      close: () => addon.closeFile(hidden),
      unlink: () => undefined,
    });
  }
  const part = join(dirname(file), `.${basename(file)}.${process.pid}.${randomBytes(6).toString('hex')}.part`);
  try {
    const fd = openSync(part, 'wx+', 0o600);
    return evidenceFile(fd, {
      name: () => moveWithoutReplacing(part, file),
      close: () => closeSync(fd),
      unlink: () => unlinkSync(part),
    });
  } catch (cause) {
    throw fileError(file, messageOf(cause), cause);
  }
}

function evidenceFile(
  fd: number,
  { name, close, unlink }: { name: () => void; close: () => void; unlink: () => void },
): EvidenceFile {
  let open = true;
  return {
    fd,
    publish: () => {
      const { size } = fstatSync(fd);
      name();
      open = false;
      close();
      return size;
    },
    remove: () => {
      if (!open) return;
      open = false;
      try {
        close();
        unlink();
      } catch {
        // The folder may be gone, or have become read-only: the first error says more.
      }
    },
  };
}

function requireSuccess(errno: number, file: string): void {
  if (errno === 0) return;
  const name = nameOfErrno(errno);
  throw name === 'EEXIST' ? existsError(file) : fileError(file, name);
}

function moveWithoutReplacing(part: string, file: string): void {
  try {
    linkSync(part, file);
    unlinkSync(part);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw existsError(file, cause);
    // File systems without hard links.
    if ((code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') || existsSync(file)) {
      throw fileError(file, messageOf(cause), cause);
    }
    renameSync(part, file);
  }
}

/** Whether what was written ends as a snapshot ends: a full disk can leave a cut file without an error. */
export function endsWhole(fd: number): boolean {
  const { size } = fstatSync(fd);
  const tail = Buffer.alloc(16);
  const length = readSync(fd, tail, 0, tail.length, Math.max(0, size - tail.length));
  return tail.toString('latin1', 0, length).trimEnd().endsWith('}');
}

function existsError(file: string, cause?: unknown): CaptureError {
  return new CaptureError('EBB_CAPTURE_EXISTS', `${file} exists already. Name a file that does not exist.`, { cause });
}

function fileError(file: string, reason: string, cause?: unknown): CaptureError {
  return new CaptureError(
    'EBB_CAPTURE_FILE',
    `${file} cannot be written (${reason}). Name a file in a directory that exists and that you may write to.`,
    { cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
