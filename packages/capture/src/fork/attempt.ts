/**
 * One attempt: prepare, wait for the other threads to sleep, fork, and watch the child to its end.
 *
 * The event loop stands still only in calls of the addon, and every one of them is counted.
 */
import { writeHeapSnapshot } from 'node:v8';
import { monotonicMs } from '../monotonic.ts';
import type { Addon, ChildEnd, WatchOptions } from './addon.ts';
import { makeForkMark } from './fork-mark.ts';
import { judgeEnd, nameOfErrno, type AttemptOutcome } from './judge-end.ts';

// Before a test can put a fake one in its place.
const { setTimeout: wait } = globalThis;

/** What V8 is asked to put into a snapshot. */
export interface SnapshotContents {
  exposeInternals: boolean;
  exposeNumericValues: boolean;
}

/** One try of a capture, whatever came of it. */
export interface SnapshotAttempt {
  method: 'fork' | 'inline';
  outcome: AttemptOutcome;
  /** How long the event loop stood still for this attempt, all in all. */
  pauseMs: number;
  /** How much of that was the `fork()` itself, setting aside V8's mappings, and looking at the threads. */
  forkMs: number;
  mappingsMs: number;
  threadsMs: number;
  /** How long the event loop went on until the other threads slept. */
  waitedMs: number;
  /** Threads that did not sleep at the fork. */
  threadsAwake: number;
  /** From the fork to the child's end. */
  tookMs: number;
  /** The most memory of its own that the child was seen with. */
  peakBytes: number;
  /** The least distance to any limit of memory that was seen; null when no limit is known. */
  leastFreeBytes: number | null;
  /** More about an outcome that is not `whole`: a signal, an error of the file system. */
  detail: string | null;
}

/** What an attempt is given. */
export interface AttemptPlan {
  fd: number;
  /** Where the child's standard error goes; -1 for nowhere. */
  errorsFd: number;
  contents: SnapshotContents;
  keepAlive: boolean;
  /** How long the event loop may go on until the other threads sleep, and then how long it stands still for them. */
  patienceMs: number;
  standstillMs: number;
  raiseHeapLimit: boolean;
  /** Of the child: 0 to 19. */
  niceness: number;
  watch: Omit<WatchOptions, 'fd'>;
  /** What the child has said on its standard error. */
  readErrors: () => string;
  /** Asked just before the fork: whether the capture is still wanted. */
  cancelled: () => boolean;
  /** Called just after the fork, in the parent, before its event loop goes on. */
  onForked: () => void;
}

/** An attempt that has not begun. */
export function blankAttempt(method: SnapshotAttempt['method']): SnapshotAttempt {
  return {
    method,
    outcome: 'refused',
    pauseMs: 0,
    forkMs: 0,
    mappingsMs: 0,
    threadsMs: 0,
    waitedMs: 0,
    threadsAwake: 0,
    tookMs: 0,
    peakBytes: 0,
    leastFreeBytes: null,
    detail: null,
  };
}

const threadsAreAwake = -2;

/** Makes one attempt. Never rejects. */
export async function attemptFork(addon: Addon, plan: AttemptPlan): Promise<SnapshotAttempt> {
  const attempt = blankAttempt('fork');
  const counted = <T>(run: () => T): T => {
    const start = monotonicMs();
    try {
      return run();
    } finally {
      attempt.pauseMs += monotonicMs() - start;
    }
  };
  const prepared = await new Promise<{ errno: number; conditionSignals: number }>((resolve) => {
    const done = (errno: number, conditionSignals: number): void => resolve({ errno, conditionSignals });
    const failed = counted(() => addon.prepare(plan.keepAlive, done));
    if (failed !== 0) done(failed, 0);
  });
  if (prepared.errno !== 0) return { ...attempt, detail: nameOfErrno(prepared.errno) };
  // Without these the calls that would hang the child cannot be reached: a program that is linked statically.
  if (prepared.conditionSignals === 0) return { ...attempt, outcome: 'unpatchable' };

  const waiting = monotonicMs() - attempt.pauseMs;
  const times = new Float64Array(5);
  for (;;) {
    if (plan.cancelled()) return { ...attempt, outcome: 'cancelled' };
    const insist = monotonicMs() - waiting >= plan.patienceMs;
    const pid = counted(() => forkAndWrite(addon, plan, insist, times));
    attempt.threadsMs += times[0];
    if (pid === threadsAreAwake) {
      await pause(1, plan.keepAlive);
      continue;
    }
    attempt.waitedMs = monotonicMs() - waiting - attempt.pauseMs;
    attempt.mappingsMs = times[1];
    attempt.forkMs = times[2];
    attempt.threadsAwake = times[3];
    if (pid < 0) return { ...attempt, detail: nameOfErrno(times[4]) };
    plan.onForked();
    const end = await watch(addon, plan, counted);
    if (typeof end === 'number') return { ...attempt, outcome: 'refused', detail: nameOfErrno(end) };
    return {
      ...attempt,
      ...judgeEnd(end, plan.readErrors),
      tookMs: end.tookMs,
      peakBytes: end.peakBytes,
      leastFreeBytes: end.leastFreeBytes < 0 ? null : end.leastFreeBytes,
    };
  }
}

/** In the child this writes the snapshot and ends the process; it returns in the parent only. */
function forkAndWrite(addon: Addon, plan: AttemptPlan, insist: boolean, times: Float64Array): number {
  const mark = makeForkMark();
  const pid = addon.fork(
    {
      fd: plan.fd,
      errorsFd: plan.errorsFd,
      insist: Number(insist),
      waitMs: plan.standstillMs,
      raiseHeapLimit: Number(plan.raiseHeapLimit),
      niceness: plan.niceness,
    },
    times,
  );
  if (pid !== 0) return pid;
  try {
    // The report of a crash is about the program, and this is not the program.
    if (process.report !== undefined) process.report.reportOnFatalError = false;
    writeHeapSnapshot(`/proc/self/fd/${plan.fd}`, plan.contents);
    return addon.leave(mark.length < 0 ? 1 : 0); // it has to live until here
  } catch (error) {
    return addon.leave(Math.abs((error as NodeJS.ErrnoException).errno ?? 0) || -1);
  }
}

async function watch(addon: Addon, plan: AttemptPlan, counted: <T>(run: () => T) => T): Promise<ChildEnd | number> {
  return await new Promise((resolve) => {
    const failed = counted(() => addon.watch({ ...plan.watch, fd: plan.fd }, plan.keepAlive, resolve));
    if (failed !== 0) resolve(failed);
  });
}

async function pause(ms: number, keepAlive: boolean): Promise<void> {
  await new Promise((resolve) => {
    const timer = wait(resolve, ms);
    if (!keepAlive) timer.unref();
  });
}
