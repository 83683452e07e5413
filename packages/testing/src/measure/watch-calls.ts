/**
 * What may happen to a measuring in this thread that its calls cannot tell of: one of them never comes to an end, or the
 * process is to end. A loop that never lets the event loop turn is not among it: nothing in this thread would hear of that.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { TestError } from '../errors/test-error.ts';
import { monotonicMs } from '../runner/monotonic.ts';

// Before a test can put its own in their place.
const { setInterval: tick, clearInterval: stopTicking } = globalThis;
const LOOK_EVERY_MS = 250;

/** What is watched. */
export interface WatchedCalls {
  readonly name: string;
  /** A call may take so long. */
  readonly stallLimitMs: number;
  /** The call that runs, by its number; null between two rounds of calls. */
  readonly current: () => number | null;
}

/**
 * Resolves and rejects as `start()` does; rejects earlier when a call does not come to an end in time, never can, or asks
 * the process to exit, which it then does not. Where the process ends all the same, that is told on standard error, and
 * its exit code is 1 where it would be 0: a runner that ended in the middle of a test would look as if all was well.
 *
 * @throws {TestError} EBB_TEST_STALLED, EBB_TEST_NEVER_SETTLES, EBB_TEST_EXITED
 */
export async function watchCalls<T>(start: () => Promise<T>, calls: WatchedCalls): Promise<T> {
  const { name, stallLimitMs, current } = calls;
  const place = (): string => callOf(name, current());
  let give: (error: TestError) => void = () => undefined;
  const gaveUp = new Promise<never>((_, reject) => (give = reject));
  const looking = lookForStall(calls, () => {
    give(new TestError('EBB_TEST_STALLED', `${place()} did not end within ${stallLimitMs / 1000} s`));
  });
  const ranDry = (): void => {
    const why = 'its promise is open, and nothing is left that could settle it';
    give(new TestError('EBB_TEST_NEVER_SETTLES', `${place()} never came to an end: ${why}`));
  };
  const ended = (code: number): void => {
    const what = `the process ended with exit code ${code} in ${place()}, before it was measured`;
    writeSync(2, `${forRunners(new TestError('EBB_TEST_EXITED', what)).message}\n`);
    if (code === 0) process.exitCode = 1;
  };
  // What is called by the work, however late, and what a runner calls at the same time are told apart by their context.
  const ofWork = new AsyncLocalStorage<true>();
  const before = Reflect.get<typeof process, 'exit'>(process, 'exit');
  const exit = (code?: number | string | null): never => {
    if (ofWork.getStore() !== true) return before.call(process, code);
    const error = new TestError('EBB_TEST_EXITED', `${place()} called process.exit(${code ?? ''})`);
    give(error);
    throw error;
  };
  process.exit = exit;
  // Before the runner's own: it takes an open promise for the end of its tests.
  process.prependListener('beforeExit', ranDry);
  process.on('exit', ended);
  try {
    return await Promise.race([ofWork.run(true, start), gaveUp]);
  } finally {
    stopTicking(looking);
    if (process.exit === exit) process.exit = before;
    ofWork.disable();
    process.off('beforeExit', ranDry);
    process.off('exit', ended);
  }
}

function lookForStall({ stallLimitMs, current }: WatchedCalls, stalled: () => void): NodeJS.Timeout {
  let seen: { call: number | null; sinceMs: number } = { call: null, sinceMs: monotonicMs() };
  return tick(() => {
    const call = current();
    if (call === null || call !== seen.call) seen = { call, sinceMs: monotonicMs() };
    else if (monotonicMs() - seen.sinceMs >= stallLimitMs) stalled();
  }, LOOK_EVERY_MS).unref();
}

/** The same error with its code and what to do in the message: of an error's properties most runners print none. */
export function forRunners(error: TestError): TestError {
  return new TestError(error.code, `${error.message} (${error.code})\n${error.next}`, { cause: error.cause });
}

function callOf(name: string, call: number | null): string {
  return call === null ? `the measuring of '${name}'` : `call ${call} of '${name}'`;
}
