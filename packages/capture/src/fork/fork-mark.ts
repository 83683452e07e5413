import { randomUUID } from 'node:crypto';
import { monotonicMs } from '../monotonic.ts';

/** Tells this thread's heap from all others. */
const program = randomUUID();

/**
 * A string that tells readers of a snapshot that a child wrote it, of which program, and when it was forked. V8 numbers
 * a child's objects in the child, so that its numbers mean nothing elsewhere; `@ebb/heap` finds the same objects by how
 * they are held, and in the snapshots of one program only.
 *
 * It comes out of a buffer to be one flat string: V8 does not tell the text of one that was put together.
 */
export function makeForkMark(): string {
  const atMs = monotonicMs().toFixed(3).padStart(17, '0');
  return Buffer.from(`ebb: forked from ${program} at ${atMs} ms, with numbers of its own`).toString('latin1');
}

const form = /^ebb: forked from [0-9a-f-]{36} at [\d.]{17} ms, with numbers of its own$/;

/** Whether a text is such a mark, and so nothing of the program's. */
export function isForkMark(text: string): boolean {
  return form.test(text);
}
