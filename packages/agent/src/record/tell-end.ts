/** What ended a process, from how it ended and what was recorded just before. */
import type { RecordedSample } from './format.ts';
import type { ProcessRecord } from './read-record.ts';

/** How the process ended, as far as anybody knows: null where nobody was there. */
export interface ProcessEnd {
  exitCode: number | null;
  signal: string | null;
  /** Whether the kernel counted a kill for want of memory in its group meanwhile (`oom_kill`); undefined: not known. */
  outOfMemoryKill?: boolean;
}

/** The end, in a word. */
export type EndCause =
  /** V8 gave up at the limit of the heap. */
  | 'heap-limit'
  /** The kernel killed it for want of memory. */
  | 'killed-for-memory'
  /** Killed from outside, and nothing says that it was for memory. */
  | 'killed'
  | 'aborted'
  /** It ended by itself. */
  | 'ended';

/** What can be said. */
export interface ToldEnd {
  cause: EndCause;
  /** False where it follows from the last samples only. */
  sure: boolean;
  last: RecordedSample | null;
  /** The heap in use of its limit, and RSS of its own, at the last sample; 0 to 1. */
  heapShare: number | null;
  rssShare: number | null;
  /** Since when the live memory grew until the end, and by how many bytes a second; null when it did not. */
  growth: { sinceMs: number; bytesPerSecond: number } | null;
}

/** From here on a limit counts as near: samples are a second old at the end, and a heap can fill quickly. */
const near = 0.8;

/** Judges the end. Pure. */
export function tellEnd(record: Pick<ProcessRecord, 'samples' | 'endedInOrder'>, end: ProcessEnd): ToldEnd {
  const last = record.samples.at(-1) ?? null;
  const heapShare = last === null ? null : share(last.heapUsedBytes, last.heapLimitBytes);
  const rssShare = last === null ? null : share(last.rssBytes, last.rssLimitBytes);
  const told = { last, heapShare, rssShare, growth: growthOf(record.samples) };
  const aborted = end.exitCode === 134 || end.signal === 'SIGABRT';
  const killed = end.exitCode === 137 || end.signal === 'SIGKILL';
  if (aborted) {
    const full = (heapShare ?? 0) >= near;
    return { ...told, cause: full ? 'heap-limit' : 'aborted', sure: !full };
  }
  if (killed && end.outOfMemoryKill === true) return { ...told, cause: 'killed-for-memory', sure: true };
  if (killed && end.outOfMemoryKill === undefined && (rssShare ?? 0) >= near) {
    return { ...told, cause: 'killed-for-memory', sure: false };
  }
  if (killed) return { ...told, cause: 'killed', sure: true };
  if (end.exitCode !== null || end.signal !== null || record.endedInOrder)
    return { ...told, cause: 'ended', sure: true };
  // Nobody saw the end, and it was not in order. The kill that the kernel counted may have been another process's.
  if (end.outOfMemoryKill === true) return { ...told, cause: 'killed-for-memory', sure: false };
  if ((heapShare ?? 0) >= near) return { ...told, cause: 'heap-limit', sure: false };
  return { ...told, cause: (rssShare ?? 0) >= near ? 'killed-for-memory' : 'killed', sure: false };
}

function share(used: number | null, limit: number | null): number | null {
  return used === null || limit === null || limit <= 0 ? null : used / limit;
}

/** From the lowest floor to the last one, when that is a tenth more at least. */
function growthOf(samples: readonly RecordedSample[]): ToldEnd['growth'] {
  const floors = samples.flatMap(({ floorTimeMs, floorHeapBytes, floorExternalBytes }) =>
    floorTimeMs === null || floorHeapBytes === null
      ? []
      : [{ timeMs: floorTimeMs, bytes: floorHeapBytes + (floorExternalBytes ?? 0) }],
  );
  const last = floors.at(-1);
  const [first] = floors;
  if (last === undefined || first === undefined) return null;
  const lowest = floors.reduce((low, floor) => (floor.bytes <= low.bytes ? floor : low), first);
  const seconds = (last.timeMs - lowest.timeMs) / 1000;
  if (seconds <= 0 || last.bytes < lowest.bytes * 1.1) return null;
  return { sinceMs: lowest.timeMs, bytesPerSecond: (last.bytes - lowest.bytes) / seconds };
}
