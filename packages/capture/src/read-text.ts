import { readFileSync } from 'node:fs';

/**
 * A file's text; null when it cannot be read. What the kernel tells of paths and names is what programs gave it, and
 * that is UTF-8: read otherwise, a path with other letters leads nowhere.
 */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
