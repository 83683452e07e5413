/**
 * A heap snapshot of a process that Ebb is attached to: forked by Ebb's own addon, loaded there, where the process can
 * see Ebb's files; otherwise by the inspector, which stops the process for as long as it takes.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diskFreeBytes } from '../disk-room.ts';
import { CaptureError, captureErrorCodes, type CaptureErrorCode } from '../error.ts';
import type { SnapshotAttempt } from '../fork/attempt.ts';
import { requireRoom } from '../room.ts';
import { scrubSnapshot } from '../scrub/scrub-snapshot.ts';
import { calledOff, type ProcessLine } from './attached-process.ts';
import type { Hold } from './hold.ts';
import { recordOf } from './protocol.ts';
import { prepareStage } from './stage.ts';
import { targetFreeMemoryBytes } from './target-memory.ts';
import { seesSame } from './target-process.ts';

/** What is asked for. */
export interface AttachedSnapshotOptions {
  /** The file to make, as this process names it; it must not exist. */
  file: string;
  /**
   * - `fork` (default): without a pause, or not at all. Ebb's modules stay loaded in the process; nothing of them runs.
   * - `inline`: by the inspector. The process stands still for seconds or minutes; nothing is loaded.
   * - `auto`: forked, and by the inspector where that is not possible. Whoever asks for it consents to the long pause.
   */
  method?: 'fork' | 'auto' | 'inline';
  /** Takes the contents of strings out of the file; see `scrubSnapshot`. */
  scrub?: boolean;
  signal?: AbortSignal | undefined;
  /** Called with the bytes so far, where the inspector sends them. */
  onProgress?: (bytes: number) => void;
}

/** A snapshot that was taken. */
export interface AttachedSnapshot {
  /** Absolute path; mode 0600. */
  file: string;
  method: 'fork' | 'inspector';
  /** How long the process stood still; for `inspector` until all of the snapshot had come, which is a little longer. */
  pauseMs: number;
  bytes: number;
  /** Every fork that was tried. */
  attempts: readonly SnapshotAttempt[];
  /** Why it is not a forked one, where `auto` fell back. */
  fallbackReason?: CaptureError;
}

/** The file `bridge.cts`. Both `src/attach` and `dist/attach` stand beside it; what is loaded elsewhere is always the compiled one. */
const bridge = fileURLToPath(new URL('../../dist/attach/bridge.cjs', import.meta.url));

/** Where not forking may help. Without room for a child there is none for the inspector either. */
const inspectorMayHelp: ReadonlySet<CaptureErrorCode> = new Set<CaptureErrorCode>([
  'EBB_CAPTURE_UNSUPPORTED',
  'EBB_CAPTURE_NO_ADDON',
  'EBB_CAPTURE_FORK_FAILED',
  'EBB_CAPTURE_CHILD_FAILED',
  'EBB_CAPTURE_TARGET',
]);

/** @throws {CaptureError} those of `captureSnapshot`, and those of `AttachedProcess.evaluate` */
export async function takeAttachedSnapshot(
  line: ProcessLine,
  options: AttachedSnapshotOptions,
): Promise<AttachedSnapshot> {
  const { method = 'fork', scrub = false, signal } = options;
  const file = resolve(options.file);
  if (existsSync(file)) {
    throw new CaptureError('EBB_CAPTURE_EXISTS', `${file} exists already. Name a file that does not exist.`);
  }
  if (signal?.aborted === true) throw calledOff(line.target.pid, signal.reason);
  let fallbackReason: CaptureError | undefined;
  if (method !== 'inline') {
    try {
      return await forked(line, file, scrub, signal);
    } catch (error) {
      const mayHelp = error instanceof CaptureError && inspectorMayHelp.has(error.code);
      if (method !== 'auto' || !mayHelp) throw error;
      fallbackReason = error;
    }
  }
  const attempts = fallbackReason?.attempts ?? [];
  const taken = await byInspector(line, file, options);
  const lostMs = attempts.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
  return {
    ...taken,
    pauseMs: taken.pauseMs + lostMs,
    attempts,
    ...(fallbackReason === undefined ? {} : { fallbackReason }),
  };
}

async function forked(
  line: ProcessLine,
  file: string,
  scrub: boolean,
  signal: AbortSignal | undefined,
): Promise<AttachedSnapshot> {
  const { pid } = line.target;
  if (!seesSame(pid, bridge)) {
    throw new CaptureError(
      'EBB_CAPTURE_UNSUPPORTED',
      `Process ${pid} does not see Ebb's files (${bridge}): it runs in a container, or with another root. ` +
        'Install Ebb where the process can read it, at the same path, or consent to a pause: --method auto.',
    );
  }
  const stage = prepareStage(line.target, file);
  const onAbort = (): void => line.callOff();
  signal?.addEventListener('abort', onAbort);
  try {
    line.left.add('the modules of @ebb/capture, which stay loaded; nothing of them runs');
    const text = await line.callOnHold(captureThere.toString(), [bridge, stage.file, scrub], { timeoutMs: undefined });
    const { ok, error } = recordOf(JSON.parse(String(text)));
    if (error !== undefined) throw errorFromThere(pid, recordOf(error));
    const { pauseMs, attempts, bytes } = recordOf(ok);
    stage.publish();
    return {
      file,
      method: 'fork',
      pauseMs: Number(pauseMs),
      bytes: Number(bytes),
      attempts: attempts as SnapshotAttempt[],
    };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stage.remove();
  }
}

/** Runs in the process, as a function of the hold; must not refer to anything outside of itself. */
async function captureThere(this: Hold, path: string, file: string, scrub: boolean): Promise<string> {
  const { createRequire } = this.load('module') as typeof import('node:module');
  const calling = new AbortController();
  this.callOff = (): void => calling.abort();
  this.signal.addEventListener('abort', this.callOff);
  try {
    const there = createRequire(path)(path) as { load: () => Promise<typeof import('../capture-snapshot.ts')> };
    const { captureSnapshot } = await there.load();
    const ok = await captureSnapshot({ file, scrub, signal: calling.signal });
    return JSON.stringify({ ok });
  } catch (error) {
    const { code, message, attempts } = error as Partial<CaptureError>;
    return JSON.stringify({ error: { code, message, attempts } });
  } finally {
    this.signal.removeEventListener('abort', this.callOff);
    this.callOff = (): void => undefined;
  }
}

function errorFromThere(pid: number, { code, message, attempts }: Record<string, unknown>): CaptureError {
  const known = typeof code === 'string' && code in captureErrorCodes;
  const error = known
    ? new CaptureError(code as CaptureErrorCode, `In process ${pid}: ${String(message)}`)
    : new CaptureError(
        'EBB_CAPTURE_UNSUPPORTED',
        `Process ${pid} could not load Ebb's modules (${String(message).split('\n')[0] ?? ''}). ` +
          'Its user has to be able to read them; or consent to a pause: --method auto.',
      );
  if (Array.isArray(attempts)) error.attempts = attempts as SnapshotAttempt[];
  return error;
}

async function byInspector(
  line: ProcessLine,
  file: string,
  { scrub = false, signal, onProgress }: AttachedSnapshotOptions,
): Promise<Omit<AttachedSnapshot, 'attempts'>> {
  const heapUsedBytes = Number(await line.evaluate("require('v8').getHeapStatistics().used_heap_size", { signal }));
  const disk = diskFreeBytes(dirname(file));
  requireRoom(file, { heapUsedBytes, diskFreeBytes: disk, memoryFreeBytes: targetFreeMemoryBytes(line.target.pid) });
  const whole = scrub ? `${file}.${randomBytes(6).toString('hex')}.part` : file;
  const target = await open(whole, 'wx', 0o600).catch((cause: unknown) => {
    throw fileError(whole, cause);
  });
  let bytes = 0;
  let done = false;
  try {
    const startMs = performance.now();
    let failed: unknown;
    const write = async ({ chunk }: Record<string, unknown>): Promise<void> => {
      if (failed !== undefined) return;
      try {
        const part = Buffer.from(String(chunk), 'utf8');
        await target.writeFile(part);
        bytes += part.length;
        onProgress?.(bytes);
      } catch (cause) {
        failed = cause;
      }
    };
    const onEvent = { name: 'HeapProfiler.addHeapSnapshotChunk', handle: write };
    const params = { reportProgress: false, exposeInternals: false, captureNumericValue: true };
    await line.command('HeapProfiler.takeHeapSnapshot', params, onEvent, { signal });
    const pauseMs = performance.now() - startMs;
    if (failed !== undefined) throw fileError(whole, failed);
    if (scrub) ({ bytes } = await scrubSnapshot(whole, file));
    done = true;
    return { file, method: 'inspector', pauseMs, bytes };
  } finally {
    await target.close();
    if (!done || scrub) await unlink(whole).catch(() => undefined);
  }
}

function fileError(file: string, cause: unknown): CaptureError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EEXIST') {
    return new CaptureError('EBB_CAPTURE_EXISTS', `${file} exists already. Name a file that does not exist.`, {
      cause,
    });
  }
  return new CaptureError(
    'EBB_CAPTURE_FILE',
    `${file} cannot be written (${message}). Look at the room on that disk, and at its permissions.`,
    { cause },
  );
}
