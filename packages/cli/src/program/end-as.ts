import { constants } from 'node:os';
import type { ProgramEnd } from './program.ts';

/** Signals whose default action writes a core file: Ebb must not write one over the program's. */
const CORE = new Set<NodeJS.Signals>([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGQUIT',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
  'SIGXCPU',
  'SIGXFSZ',
]);

/** The exit code a shell shows for a program's end: its own, or 128 + the signal's number. */
export function exitCodeOf(end: ProgramEnd): number {
  return end.signal === null ? end.code : 128 + constants.signals[end.signal];
}

/**
 * Ends this process as the program ended: with its code, or by the same signal, so that the shell above sees what it
 * would have seen without Ebb. Handlers of the signal must be gone by now. Does not return in practice.
 */
export function endAs(end: ProgramEnd): void {
  if (end.signal !== null && !CORE.has(end.signal)) {
    process.exitCode = exitCodeOf(end);
    process.removeAllListeners(end.signal);
    process.kill(process.pid, end.signal);
    // A signal that is ignored here (nohup and SIGHUP) does not end Ebb: its number does, in a moment.
    setTimeout(() => process.exit(exitCodeOf(end)), 250);
    return;
  }
  process.exit(exitCodeOf(end));
}
