/**
 * What Ebb puts into the process while it is attached, and takes away again: a clock that closes the inspector when Ebb
 * has gone away without doing so, because it was killed or the connection broke.
 */

/** How often the clock ticks; and how many ticks without a word from Ebb are the end. */
export const holdTickMs = 3000;
const silentTicks = 10;

/** Says which process this is, and changes nothing: its number, its start, its version. */
export const identityExpression: string = `(${identify.toString()})(typeof require === 'function' ? require : null)`;

/** The longest that the inspector of a process stays open after Ebb was killed, unless its thread stands still. */
export const longestLeftMs: number = holdTickMs * (silentTicks + 1);

/** The text of an expression that is evaluated in the process; its value is the hold. Runs on every Node.js from 12 on. */
export function holdExpression(openedPort: number | null): string {
  return `(${install.toString()})(typeof require === 'function' ? require : null, ${openedPort}, ${holdTickMs}, ${silentTicks})`;
}

/** As it stands in the process. */
export interface Hold {
  /** Loads a module that Node.js brings along. */
  readonly load: (name: string) => unknown;
  /** Aborted when Ebb has gone. */
  readonly signal: AbortSignal;
  /** Calls off what is under way for Ebb. */
  callOff: () => void;
  /** Ebb is still there. */
  beat: () => void;
  /** Ebb goes. The inspector is closed when Ebb had it opened; after the answer to this call. */
  release: () => void;
}

/** Must not refer to anything outside of itself: only its text goes into the process. */
function install(
  required: NodeJS.Require | null,
  openedPort: number | null,
  tickMs: number,
  mostSilentTicks: number,
): Hold {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  const load = (name: string): unknown =>
    required === null ? getBuiltinModule?.call(process, name) : (required(name) as unknown);
  const timers = load('timers') as typeof import('node:timers');
  const inspector = load('inspector') as typeof import('node:inspector');
  const aborting = new AbortController();
  let silent = 0;
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    timers.clearInterval(clock);
    aborting.abort();
    // Closing waits for the connection to end, and it must not end before the answer has gone out.
    if (openedPort !== null) timers.setTimeout(() => inspector.close(), 1);
  };
  // `inspector.close()` stops the thread until every client has gone, so that one that is stopped, and says nothing but
  // keeps its connection, would stop the program. State 01 is a connection that is up.
  const isConnected = (): boolean => {
    const port = (openedPort ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const up = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:[0-9A-F]{4} 01 `, 'm');
    try {
      const { readFileSync } = load('fs') as typeof import('node:fs');
      return ['tcp', 'tcp6'].some((table) => up.test(readFileSync(`/proc/self/net/${table}`, 'latin1')));
    } catch {
      return true;
    }
  };
  // Counted and not measured: a thread that stood still for minutes, for a snapshot, has ticked once.
  const clock = timers.setInterval(() => {
    if (++silent > mostSilentTicks && !isConnected()) release();
  }, tickMs);
  clock.unref();
  return {
    load,
    signal: aborting.signal,
    callOff: () => undefined,
    beat: () => {
      silent = 0;
    },
    release,
  };
}

/** Must not refer to anything outside of itself. */
function identify(required: NodeJS.Require | null): string {
  let startTicks = '';
  try {
    const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
    const fs = required === null ? getBuiltinModule?.call(process, 'fs') : (required('fs') as unknown);
    const stat = (fs as typeof import('node:fs')).readFileSync('/proc/self/stat', 'latin1');
    startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    // The permission model may forbid it: then the number alone says who this is.
  }
  return JSON.stringify({ pid: process.pid, startTicks, version: process.version });
}
