import type { StringTable } from '../parse/string-table.ts';

/** Which program a forked child is a copy of, and when it was forked. */
export interface ForkMark {
  /** Another for every process and thread. */
  program: string;
  /** Of the machine's monotonic clock. */
  atMs: number;
}

/**
 * What `@ebb/capture` has a forked child hold while it writes. V8 numbers a child's objects in the child, so that its
 * numbers mean nothing in another snapshot.
 */
const MARK = /^ebb: forked from ([0-9a-f-]{36}) at (\d{13}\.\d{3}) ms, with numbers of its own$/;
/** Counted, so that no text of this module looks like one in a snapshot of who analyses snapshots. */
const MARK_BYTES = 'ebb: forked from '.length + 36 + ' at '.length + 17 + ' ms, with numbers of its own'.length;

/** The mark of a snapshot that a forked child wrote; null in any other. O(strings). */
export function forkMark(strings: StringTable): ForkMark | null {
  for (let at = strings.length - 1; at >= 0; at--) {
    if (strings.byteLength(at) !== MARK_BYTES) continue;
    const [, program, atMs] = MARK.exec(strings.get(at)) ?? [];
    if (program !== undefined) return { program, atMs: Number(atMs) };
  }
  return null;
}
