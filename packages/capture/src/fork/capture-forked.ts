/**
 * A heap snapshot without a pause: a forked child writes it, from a copy of the memory that the kernel makes page by
 * page as the parent writes. The parent stands still for the fork alone. A child that hangs or dies is tried again.
 */
import { fstatSync, readSync } from 'node:fs';
import { CaptureError } from '../error.ts';
import { countOutOfMemoryKills } from '../memory-limit.ts';
import { findAddon, type Addon, type WatchOptions } from './addon.ts';
import { attemptFork, type AttemptPlan, type SnapshotAttempt, type SnapshotContents } from './attempt.ts';
import { createEvidenceFile, endsWhole, type EvidenceFile } from './evidence-file.ts';
import { scrubApart } from '../scrub/scrub-apart.ts';
import { requireRoomForChild, type ChildRoom } from './room-for-child.ts';

/** How a forked snapshot is taken. */
export interface ForkedOptions {
  /** Absolute path; or a descriptor, of a pipe or a file, that the snapshot goes to. */
  target: { file: string } | { fd: number };
  contents: SnapshotContents;
  /** Whether the contents of strings are taken out before the file gets its name. */
  scrub: boolean;
  /** How many children are tried, at most. Into a pipe it is always one: what has been written cannot be taken back. */
  attempts: number;
  /** How long a child may sleep without using the CPU. */
  stallMs: number;
  /** How long one child may take; undefined for five minutes and two seconds for each MB of heap. */
  timeoutMs: number | undefined;
  /** Whether the capture keeps the program from ending. */
  keepAlive: boolean;
  signal: AbortSignal | undefined;
  /** Of the child. */
  niceness: number;
  allowUntested: boolean;
  /** Gets each attempt as soon as it has ended. */
  onAttempt: (attempt: SnapshotAttempt) => void;
  /** Called just after each fork, before the event loop goes on. */
  onMoment: ((method: 'fork') => void) | undefined;
  measureRoom: (file: string | null) => ChildRoom;
}

/** Where the tests have run. The code for arm64 and for musl is written, and guarded by this. */
const testedPlatform = 'x64 with glibc';

/** How long the event loop may go on until the other threads sleep, and then how long it stands still for them. */
const patienceMs = 250;
const standstillMs = 10;

/**
 * Why no snapshot can be forked here; null when it can, as far as can be told without trying. Loads the addon, once.
 *
 * @param allowUntested whether platforms count for which the code is written but where it was never run
 */
export function forkUnavailable(allowUntested = false): CaptureError | null {
  if (process.platform !== 'linux') {
    return new CaptureError(
      'EBB_CAPTURE_UNSUPPORTED',
      `Snapshots without a pause are for Linux, and this is ${process.platform}. Take an inline snapshot instead.`,
    );
  }
  const found = findAddon();
  if ('addon' in found) {
    const platform = `${process.arch} with ${found.addon.libc}`;
    if (platform === testedPlatform || allowUntested) return null;
    return new CaptureError(
      'EBB_CAPTURE_UNSUPPORTED',
      `Snapshots without a pause were tested on ${testedPlatform} only, and this is ${platform}. ` +
        'Take an inline snapshot instead, or try the other on a machine that may fail: allowUntested.',
    );
  }
  return new CaptureError(
    'EBB_CAPTURE_NO_ADDON',
    `The native addon for snapshots without a pause is not there: ${found.missing}. ` +
      'Install a C compiler, make and python3, and run `npm rebuild @ebb/capture`.',
  );
}

/**
 * Takes the snapshot.
 *
 * @returns its size in bytes; null when it went into a pipe
 * @throws {CaptureError}
 */
export async function captureForked(options: ForkedOptions): Promise<number | null> {
  const unavailable = forkUnavailable(options.allowUntested);
  if (unavailable !== null) throw unavailable;
  const { addon } = findAddon() as { addon: Addon };
  requireWanted(options.signal);
  if (!addon.acquire()) {
    throw new CaptureError(
      'EBB_CAPTURE_BUSY',
      'Another snapshot of this process is being taken, and two at once would double what it costs. Wait for its end.',
    );
  }
  try {
    return await captureAlone(addon, options);
  } finally {
    addon.release();
  }
}

async function captureAlone(addon: Addon, options: ForkedOptions): Promise<number | null> {
  const { target } = options;
  const file = 'file' in target ? target.file : null;
  const room = options.measureRoom(file);
  const major = Number(process.versions.node.split('.')[0]);
  const limits = requireRoomForChild(room, major, file ?? 'the target');
  if ('fd' in target) requireWritable(target.fd, options.scrub);
  const evidence = file === null ? null : createEvidenceFile(addon, file);
  const errorsFd = addon.memoryFile();
  const atExit = (): void => evidence?.remove();
  const onAbort = (): void => addon.cancel();
  process.once('exit', atExit);
  options.signal?.addEventListener('abort', onAbort);
  try {
    const plan: AttemptPlan = {
      fd: evidence?.fd ?? (target as { fd: number }).fd,
      errorsFd,
      contents: options.contents,
      keepAlive: options.keepAlive,
      patienceMs,
      standstillMs,
      // On Node 20 this has taken the parent along, in a way that is not understood.
      raiseHeapLimit: major >= 22,
      niceness: options.niceness,
      watch: watchOptions(options, room, limits),
      readErrors: () => readText(errorsFd),
      cancelled: () => options.signal?.aborted ?? false,
      onForked: () => options.onMoment?.('fork'),
    };
    await attemptUntilWhole(addon, plan, options, evidence);
    if (evidence === null) return sizeOf(plan.fd);
    return options.scrub && file !== null ? await publishScrubbed(addon, evidence, file, options) : evidence.publish();
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    process.removeListener('exit', atExit);
    evidence?.remove();
    addon.closeFile(errorsFd);
  }
}

async function publishScrubbed(
  addon: Addon,
  evidence: EvidenceFile,
  file: string,
  { keepAlive }: ForkedOptions,
): Promise<number> {
  const scrubbed = createEvidenceFile(addon, file);
  try {
    await scrubApart(evidence.fd, scrubbed.fd, keepAlive);
    return scrubbed.publish();
  } finally {
    scrubbed.remove();
  }
}

function watchOptions(
  options: ForkedOptions,
  room: ChildRoom,
  limits: ReturnType<typeof requireRoomForChild>,
): Omit<WatchOptions, 'fd'> {
  const timeoutMs = options.timeoutMs ?? 300_000 + room.heapUsedBytes / 500;
  return { ...limits, stallMs: options.stallMs, timeoutMs };
}

async function attemptUntilWhole(
  addon: Addon,
  plan: AttemptPlan,
  options: ForkedOptions,
  evidence: EvidenceFile | null,
): Promise<void> {
  const most = evidence === null ? 1 : Math.max(1, options.attempts);
  const kills = countOutOfMemoryKills();
  for (let made = 1; ; made++) {
    const attempt = await attemptFork(addon, plan);
    if (attempt.outcome === 'whole' && evidence !== null && !endsWhole(evidence.fd)) {
      attempt.outcome = 'write';
      attempt.detail = 'the file was cut off';
    }
    // The kernel has taken the child, as it was asked to, and not the program.
    if (attempt.detail === 'SIGKILL' && (kills() ?? 0) > 0) attempt.outcome = 'memory';
    options.onAttempt(attempt);
    if (attempt.outcome === 'whole') return;
    const again = ['died', 'hung', 'lost', 'heap-limit', 'refused'].includes(attempt.outcome);
    if (!again || made >= most) throw attemptError(attempt, made, plan);
    requireWanted(options.signal);
  }
}

function attemptError(attempt: SnapshotAttempt, made: number, plan: AttemptPlan): CaptureError {
  const because = attempt.detail === null ? '' : ` (${attempt.detail})`;
  switch (attempt.outcome) {
    case 'memory':
    case 'budget':
    case 'disk':
      return new CaptureError(
        'EBB_CAPTURE_STOPPED',
        `The snapshot was given up because ${attempt.outcome === 'disk' ? 'the disk' : 'memory'} ran low: the child had ` +
          `taken ${Math.round(attempt.peakBytes / 1e6)} MB of its own. The program was not touched. ` +
          'Raise the limit, or take the snapshot earlier, while the heap is small.',
      );
    case 'write':
      return new CaptureError(
        'EBB_CAPTURE_INCOMPLETE',
        `Writing the snapshot failed${because}. Look at the room on that disk, and at its permissions.`,
      );
    case 'cancelled':
      return abortedError();
    case 'refused':
      return new CaptureError(
        'EBB_CAPTURE_FORK_FAILED',
        `The kernel did not fork this process${because}. Look at the limit on processes (pids.max, ulimit -u), ` +
          'at vm.overcommit_memory, and at free memory.',
      );
    case 'unpatchable':
      return new CaptureError(
        'EBB_CAPTURE_UNSUPPORTED',
        'This Node.js is linked in a way (statically) that lets no snapshot be forked. Take an inline snapshot instead.',
      );
    case 'timeout':
      return new CaptureError(
        'EBB_CAPTURE_CHILD_FAILED',
        `The child that wrote the snapshot was not ready after ${Math.round(plan.watch.timeoutMs / 1e3)} s and was ended. ` +
          'The program was not touched. Give it more time (timeoutMs), or more CPU.',
      );
    default:
      return new CaptureError(
        'EBB_CAPTURE_CHILD_FAILED',
        `The snapshot failed in the child ${made === 1 ? 'once' : `${made} times`}; the last one ` +
          `${attempt.outcome === 'heap-limit' ? 'reached the heap limit of V8' : attempt.outcome}${because}. ` +
          'The program was not touched. Try again when it is less busy, or take an inline snapshot.',
      );
  }
}

function requireWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError();
}

function abortedError(): CaptureError {
  return new CaptureError('EBB_CAPTURE_ABORTED', 'The snapshot was called off. Nothing of it is left.');
}

/** The child closes the sockets that it inherits; and it opens its target anew, which no socket allows. */
function requireWritable(fd: number, scrub: boolean): void {
  if (scrub) {
    throw new CaptureError(
      'EBB_CAPTURE_FILE',
      'A scrubbed snapshot is written to a file of its own. Name one: { file }.',
    );
  }
  let kind = 'no open descriptor';
  try {
    const status = fstatSync(fd);
    if (status.isFIFO() || status.isFile()) return;
    kind = status.isSocket() ? 'a socket' : 'neither';
  } catch {
    // Not open: said below.
  }
  throw new CaptureError(
    'EBB_CAPTURE_FILE',
    `A snapshot can be written to a pipe or a file, and descriptor ${fd} is ${kind}. Name a file: { file }.`,
  );
}

function sizeOf(fd: number): number | null {
  const status = fstatSync(fd);
  return status.isFile() ? status.size : null;
}

/** The beginning of what is in the file. */
function readText(fd: number): string {
  if (fd < 0) return '';
  const text = Buffer.alloc(8192);
  return text.toString('latin1', 0, readSync(fd, text, 0, text.length, 0));
}
