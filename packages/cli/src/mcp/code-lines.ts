/** Lines of source files: only of code, only below the root, read once while they stay as they are. */
import { readFileSync, statSync } from 'node:fs';
import type { Location } from '@ebb/heap';
import type { Root } from './root.ts';

const CODE = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|coffee)$/iu;
const MOST_BYTES = 4 << 20;
const MOST_FILES = 50;
const LONGEST_LINE = 160;

/** A place in code, with its line where that may be read. */
export interface CodePlace {
  /** `src/session-store.ts:12`, relative to the root. */
  at: string;
  code?: string;
}

/** Reads lines for answers. */
export class CodeLines {
  readonly #root: Root;
  readonly #files = new Map<string, { stamp: string; lines: string[] }>();

  constructor(root: Root) {
    this.#root = root;
  }

  /** A location in one word. */
  at(location: Location): string {
    return `${this.#root.shown(location.file)}:${String(location.line)}`;
  }

  /** A location with its line. */
  place(location: Location): CodePlace {
    const code = this.lines(location.file)?.[location.line - 1]?.trim();
    return { at: this.at(location), ...(code === undefined || code === '' ? {} : { code: cut(code) }) };
  }

  /** The lines of a file; undefined where it is no code, not below the root, or cannot be read. */
  lines(file: string): string[] | undefined {
    if (!CODE.test(file) || !this.#root.has(file)) return undefined;
    try {
      const stat = statSync(file);
      const stamp = `${String(stat.size)} ${String(stat.mtimeMs)}`;
      const known = this.#files.get(file);
      if (known?.stamp === stamp) return known.lines;
      if (!stat.isFile() || stat.size > MOST_BYTES) return undefined;
      const lines = readFileSync(file, 'utf8').split(/\r?\n/u);
      if (this.#files.size >= MOST_FILES) this.#files.clear();
      this.#files.set(file, { stamp, lines });
      return lines;
    } catch {
      return undefined;
    }
  }
}

/** A line as answers tell it. */
export function cut(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
