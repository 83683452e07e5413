import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { CaptureError } from './error.ts';
import { blankAttempt, type SnapshotAttempt, type SnapshotContents } from './fork/attempt.ts';
import { captureForked } from './fork/capture-forked.ts';
import { measureChildRoom, roomWithoutChild, type ChildRoom } from './fork/room-for-child.ts';
import { scrubSnapshot } from './scrub/scrub-snapshot.ts';
import { captureSnapshotInline } from './snapshot.ts';

/** What {@link captureSnapshot} is asked for: `file` or `fd`, and what differs from the defaults. */
export interface CaptureOptions extends Partial<SnapshotContents> {
  /** The file to make; it must not exist. */
  file?: string;
  /** A pipe or a file that is open for writing, instead of `file`. With a pipe there is one attempt only. */
  fd?: number;
  /**
   * - `fork` (default): without a pause, or not at all.
   * - `inline`: in this thread, which stands still for seconds or minutes.
   * - `auto`: forked, and inline where that is not possible. Whoever asks for it consents to the long pause.
   */
  method?: 'fork' | 'inline' | 'auto';
  /**
   * Takes the contents of strings out of the file (see `scrubSnapshot`), in a process of its own. Meanwhile the whole
   * snapshot stands in a file of mode 0600 in the same folder, which has no name where the file system allows it.
   */
  scrub?: boolean;
  /** How many children are tried, at most. Default 3. */
  attempts?: number;
  /** How long one child may take. Default: five minutes, and two seconds more for each MB of heap: it runs when the CPU is idle. */
  timeoutMs?: number;
  /** How long a child may sleep before it counts as hung. Default 5000. */
  stallMs?: number;
  /** Whether the capture keeps the program from ending. Default true. */
  keepAlive?: boolean;
  /** Calls the capture off. */
  signal?: AbortSignal;
  /**
   * Called at the moment that the snapshot will show, in the same turn of the event loop: what it reads stands in the
   * snapshot. Again for each further attempt; the last one counts.
   */
  onMoment?: (method: 'fork' | 'inline') => void;
  /**
   * How far the child stands back where the CPU is short: 19 (default) takes only what nobody else wants, which may be
   * nothing for long; 0 takes as much as the program.
   */
  niceness?: number;
  /** Also fork where that was never tested: arm64, and musl. Default false. */
  allowUntested?: boolean;
  /** How the room is measured; default: this process, its disk, its container, the machine. */
  measureRoom?: (file: string | null) => ChildRoom;
}

/** A snapshot that was taken. */
export interface CapturedSnapshot {
  /** Absolute path, mode 0600; null when it went to `fd`. */
  file: string | null;
  method: 'fork' | 'inline';
  /** How long the event loop stood still for it, over all attempts. */
  pauseMs: number;
  /** Size of the file; null for a pipe. */
  bytes: number | null;
  /** Every try, the failed ones too. */
  attempts: SnapshotAttempt[];
  /** Why it is not a forked one, where `auto` fell back to the inline one. */
  fallbackReason?: CaptureError;
}

/**
 * Takes a heap snapshot of this thread.
 *
 * A forked one stands still for the fork alone, about 5 to 10 ms of CPU time for each 100 MB of memory in use; a child process then
 * writes the file with the lowest priority, which takes as long as an inline one or longer, and needs memory of its own
 * (see `requireRoomForChild`). The child is watched: it is ended before memory or the disk run low, and tried again when
 * it hangs or dies. One capture at a time in a process.
 *
 * @throws {CaptureError} (rejects) EBB_CAPTURE_UNSUPPORTED and EBB_CAPTURE_NO_ADDON where forking is not possible,
 *   EBB_CAPTURE_BUSY, EBB_CAPTURE_NO_MEMORY, EBB_CAPTURE_NO_DISK before anything is written,
 *   EBB_CAPTURE_FORK_FAILED, EBB_CAPTURE_CHILD_FAILED, EBB_CAPTURE_STOPPED, EBB_CAPTURE_ABORTED,
 *   EBB_CAPTURE_INCOMPLETE, EBB_CAPTURE_EXISTS, EBB_CAPTURE_FILE; nothing else
 */
export async function captureSnapshot(options: CaptureOptions): Promise<CapturedSnapshot> {
  const { method = 'fork' } = options;
  const attempts: SnapshotAttempt[] = [];
  if (method === 'inline') return await captureInline(options, attempts);
  const target = targetOf(options);
  try {
    const bytes = await captureForked({
      target,
      contents: contentsOf(options),
      scrub: options.scrub ?? false,
      attempts: options.attempts ?? 3,
      stallMs: options.stallMs ?? 5000,
      timeoutMs: options.timeoutMs,
      keepAlive: options.keepAlive ?? true,
      signal: options.signal,
      niceness: options.niceness ?? 19,
      allowUntested: options.allowUntested ?? false,
      onAttempt: (attempt) => attempts.push(attempt),
      onMoment: options.onMoment,
      measureRoom: options.measureRoom ?? measureChildRoom,
    });
    return {
      file: 'file' in target ? target.file : null,
      method: 'fork',
      pauseMs: totalPauseMs(attempts),
      bytes,
      attempts,
    };
  } catch (error) {
    if (error instanceof CaptureError) error.attempts = [...attempts];
    if (method !== 'auto' || !(error instanceof CaptureError) || !inlineMayHelp.has(error.code)) throw error;
    return { ...(await captureInline(options, attempts)), fallbackReason: error };
  }
}

/** Where the fork is the trouble. Without room for a child there is none for an inline snapshot either. */
const inlineMayHelp: ReadonlySet<string> = new Set([
  'EBB_CAPTURE_UNSUPPORTED',
  'EBB_CAPTURE_NO_ADDON',
  'EBB_CAPTURE_FORK_FAILED',
  'EBB_CAPTURE_CHILD_FAILED',
]);

async function captureInline(options: CaptureOptions, attempts: SnapshotAttempt[]): Promise<CapturedSnapshot> {
  const target = targetOf(options);
  if (!('file' in target)) {
    throw new CaptureError('EBB_CAPTURE_FILE', 'An inline snapshot is written to a file. Name one: { file }.');
  }
  const contents = contentsOf(options);
  const whole = options.scrub === true ? `${target.file}.${randomBytes(6).toString('hex')}.part` : target.file;
  options.onMoment?.('inline');
  const { measureRoom } = options;
  const { pauseMs, bytes: wholeBytes } = captureSnapshotInline(whole, {
    contents,
    ...(measureRoom === undefined ? {} : { measureRoom: (file) => roomWithoutChild(measureRoom(file)) }),
  });
  let bytes = wholeBytes;
  if (whole !== target.file) {
    try {
      bytes = (await scrubSnapshot(whole, target.file)).bytes;
    } finally {
      unlinkSync(whole);
    }
  }
  attempts.push({ ...blankAttempt('inline'), outcome: 'whole', pauseMs, tookMs: pauseMs });
  return { file: target.file, method: 'inline', pauseMs: totalPauseMs(attempts), bytes, attempts };
}

function targetOf({ file, fd }: CaptureOptions): { file: string } | { fd: number } {
  if (file !== undefined) return { file: resolve(file) };
  if (fd !== undefined) return { fd };
  throw new CaptureError('EBB_CAPTURE_FILE', 'No target was named for the snapshot. Name one: { file } or { fd }.');
}

function contentsOf({ exposeInternals = false, exposeNumericValues = true }: CaptureOptions): SnapshotContents {
  return { exposeInternals, exposeNumericValues };
}

function totalPauseMs(attempts: readonly SnapshotAttempt[]): number {
  return attempts.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
}
