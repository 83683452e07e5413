import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/**
 * A file's text, or undefined where it can't be read, is larger than `mostBytes`, or its path is not absolute. Snapshots
 * name files: one may name a device or a pipe, which would be read for ever, so only plain files are.
 */
export function readText(file: string, mostBytes: number): string | undefined {
  if (!isAbsolute(file)) return undefined;
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > mostBytes) return undefined;
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
