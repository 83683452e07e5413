/**
 * Where a process of another user writes a snapshot, and how it comes to the place that was asked for. Only root can
 * attach to other users' processes, and those cannot write where root can.
 */
import { constants, chownSync, copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CaptureError } from '../error.ts';
import { seesSame, type TargetProcess } from './target-process.ts';

/** The place of a snapshot until it is whole. */
export interface Stage {
  /** What the process is told. */
  file: string;
  /** Brings it where it was asked for. @throws {CaptureError} EBB_CAPTURE_EXISTS, EBB_CAPTURE_FILE */
  publish(): void;
  /** Takes away what is not published. Never throws. */
  remove(): void;
}

/** @throws {CaptureError} EBB_CAPTURE_UNSUPPORTED when the process does not see the folder */
export function prepareStage(target: TargetProcess, file: string): Stage {
  const { pid, uid, gid } = target;
  const sameUser = uid === process.geteuid?.();
  const folder = sameUser ? dirname(file) : tmpdir();
  if (!seesSame(pid, folder)) {
    throw new CaptureError(
      'EBB_CAPTURE_UNSUPPORTED',
      `Process ${pid} does not see the folder ${folder} as Ebb does, or it does not exist. Name a file in a folder that both see, or consent to a pause: --method auto.`,
    );
  }
  if (sameUser) return { file, publish: () => undefined, remove: () => undefined };
  const own = mkdtempSync(join(folder, 'ebb-attached-'));
  chownSync(own, uid, gid);
  const staged = join(own, 'snapshot');
  return {
    file: staged,
    publish: () => moveWithoutReplacing(staged, file),
    remove: () => {
      try {
        rmSync(own, { recursive: true, force: true });
      } catch {
        // A folder of temporary files: the first error says more.
      }
    },
  };
}

function moveWithoutReplacing(from: string, to: string): void {
  try {
    chownSync(from, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
    try {
      linkSync(from, to);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw cause;
      copyFileSync(from, to, constants.COPYFILE_EXCL);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CaptureError('EBB_CAPTURE_EXISTS', `${to} exists already. Name a file that does not exist.`, { cause });
    }
    throw new CaptureError('EBB_CAPTURE_FILE', `${to} cannot be written (${message}). Name a file in another folder.`, {
      cause,
    });
  }
}
