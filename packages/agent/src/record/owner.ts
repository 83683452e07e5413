/** Whose record it is, and whether that process still runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process of another host (a folder that several containers share) counts as ended when it has written nothing for so long. */
const silentMs = 120_000;

/** What stands in the first slot. */
export interface RecordOwner {
  pid: number;
  threadId: number;
  nodeVersion: string;
  command: string;
  /** What the recorder was told; empty when it was told nothing. */
  service: string;
  host: string;
  /** When the process started, in the kernel's ticks since it booted; 0 where that is not known. */
  startTicks: number;
  startedAtMs: number;
}

/** Whether the process runs, as far as can be told; `writtenMs` is when its record was written to last. */
export function runs({ pid, host, startTicks }: RecordOwner, writtenMs: number, nowMs: number): boolean {
  // A process number says something on its own host only; containers are hosts of their own.
  if (host !== '' && host !== thisHost()) return Math.abs(nowMs - writtenMs) < silentMs;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // The number may have been given to another process meanwhile; in a container the first process is always number 1.
  const ticks = ticksOf(pid);
  return ticks >= 0 && (startTicks <= 0 || ticks === 0 || ticks === startTicks);
}

/** This host's name, as it stands in records. */
export function thisHost(): string {
  return plain(hostname(), 48);
}

/** Text that takes one byte a character in JSON, cut. */
export function plain(text: string, length: number): string {
  return text.replace(/[^ !#-[\]-~]/g, '?').slice(0, length);
}

/**
 * When a process started, in the kernel's ticks since it booted (proc(5), field 22 of `stat`); 0 where nobody says, -1 for
 * one that has ended and whose parent has not looked (in many containers nobody does).
 */
export function ticksOf(pid: number | 'self'): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in brackets, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? -1 : Number(fields[19] ?? 0);
  } catch {
    return 0;
  }
}
