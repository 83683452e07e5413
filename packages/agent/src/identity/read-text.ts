import { closeSync, openSync, readSync } from 'node:fs';

/** Reads the beginning of a file as text; null when it is missing or unreadable. Passed in by tests. */
export type ReadText = (file: string) => string | null;

const maxBytes = 256 * 1024;

/** At most 256 KB of a file: what identifies a process is short, and a wrong path may lead anywhere. Never throws. */
export function readText(file: string): string | null {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const buffer = Buffer.alloc(maxBytes);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, maxBytes - length, null);
      length += read;
      if (read === 0 || length === maxBytes) break;
    }
    return buffer.toString('utf8', 0, length);
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
