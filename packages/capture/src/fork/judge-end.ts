/**
 * What the end of the child means, from what the watching thread saw and what the child said.
 */
import { constants } from 'node:os';
import { endReasons, type ChildEnd } from './addon.ts';

/**
 * - `whole`: the child has written all.
 * - `refused`: the kernel did not fork. `unpatchable`: the program is linked in a way that a child of it would hang.
 * - `died`, `hung`, `lost`: the child came to no good end. Worth another try.
 * - `timeout`: the child went on for too long.
 * - `memory`, `disk`: it was ended because that ran low. `budget`: it took more memory than it was to.
 * - `heap-limit`: V8's own limit was too near to make a snapshot.
 * - `write`: the file could not be written.
 * - `cancelled`: it was asked to end.
 */
export type AttemptOutcome =
  | 'whole'
  | 'refused'
  | 'unpatchable'
  | 'died'
  | 'hung'
  | 'lost'
  | 'timeout'
  | 'memory'
  | 'budget'
  | 'disk'
  | 'heap-limit'
  | 'write'
  | 'cancelled';

/** An outcome, with a signal, an exit code or an error of the file system where there is one. */
export interface JudgedEnd {
  outcome: AttemptOutcome;
  detail: string | null;
}

const phaseDone = 2;
const phaseDeadlock = 3;

/**
 * @param end what the watching thread saw
 * @param readErrors what the child has written to its standard error; asked for only where it matters
 */
export function judgeEnd(end: ChildEnd, readErrors: () => string): JudgedEnd {
  const reason = endReasons[end.end];
  switch (reason) {
    case 'stalled':
      return { outcome: 'hung', detail: 'it slept and did not wake' };
    case 'timeout':
    case 'memory':
    case 'budget':
    case 'cancelled':
    case 'disk':
      return { outcome: reason, detail: null };
    case 'lost':
      // Somebody else took its exit code; it has still told us how it went.
      if (end.phase === phaseDone) return judgeDone(end);
      return { outcome: 'lost', detail: 'another part of the program waited for all children' };
    case 'exited':
    case undefined:
      return judgeExit(end, readErrors);
  }
}

function judgeExit(end: ChildEnd, readErrors: () => string): JudgedEnd {
  const signal = end.status & 0x7f;
  if (signal === 0 && end.phase === phaseDone) return judgeDone(end);
  if (end.phase === phaseDeadlock) return { outcome: 'hung', detail: 'it was about to wait for a thread' };
  if (/heap out of memory|Reached heap limit/.test(readErrors())) return { outcome: 'heap-limit', detail: null };
  return { outcome: 'died', detail: signal === 0 ? `exit code ${end.status >> 8}` : nameOfSignal(signal) };
}

function judgeDone({ error }: ChildEnd): JudgedEnd {
  if (error === 0) return { outcome: 'whole', detail: null };
  return { outcome: 'write', detail: error > 0 ? nameOfErrno(error) : 'V8 gave no reason' };
}

/** `ENOSPC` for 28. */
export function nameOfErrno(errno: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `error ${errno}`;
}

function nameOfSignal(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
}
