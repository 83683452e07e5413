import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Location } from '@ebb/heap';

/** A line of source with its number; lines start at 1. */
export interface SourceLine {
  readonly number: number;
  readonly text: string;
}

/** Reads the lines around a place, that line among them; null where the source is not at hand. */
export type SourceExcerpt = (location: Location) => readonly SourceLine[] | null;

/** A snapshot may name any file: only what looks like a script is read, so that no key or password gets into a page. */
const SCRIPT = /\.[cm]?[jt]sx?$/u;
const MOST_BYTES = 4e6;

/** Excerpts of the files on this disk, `around` lines before and after. Each file is read once. */
export function diskExcerpts(around = 2): SourceExcerpt {
  const files = new Map<string, readonly string[] | null>();
  return ({ file, line }) => {
    let lines = files.get(file);
    if (lines === undefined) {
      lines = readLines(file);
      files.set(file, lines);
    }
    if (lines === null || line > lines.length) return null;
    const first = Math.max(1, line - around);
    return lines.slice(first - 1, line + around).map((text, at) => ({ number: first + at, text }));
  };
}

function readLines(file: string): readonly string[] | null {
  if (!isAbsolute(file) || !SCRIPT.test(file)) return null;
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MOST_BYTES ? readFileSync(file, 'utf8').split(/\r?\n/u) : null;
  } catch {
    return null; // Not on this machine.
  }
}
