import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/** A file's text, or undefined where it can't be read, is larger than `mostBytes`, or its path is not absolute. */
export function readText(file: string, mostBytes: number): string | undefined {
  if (!isAbsolute(file)) return undefined;
  try {
    if (statSync(file).size > mostBytes) return undefined;
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
