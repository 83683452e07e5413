import { readFileSync, statSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_SOURCE_BYTES = 16 << 20;

/** A position in the file that a person edits; lines and columns start at 1. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

interface LoadedMap {
  map: SourceMap;
  /** What the names of its sources are relative to. */
  base: string;
}

/** Source files on this machine's disk, read once each, with their source maps. Missing ones are simply not there. */
export class SourceFiles {
  readonly #lines = new Map<string, string[] | null>();
  readonly #maps = new Map<string, LoadedMap | null>();

  /** A script's name as V8 tells it, as a path: `file:` URLs become paths, `node:` names stay. */
  pathOf(scriptName: string): string {
    if (!scriptName.startsWith('file:')) return scriptName;
    try {
      return fileURLToPath(scriptName);
    } catch {
      return scriptName;
    }
  }

  /** The lines of a file, or null where it can't be read. */
  lines(file: string): string[] | null {
    let lines = this.#lines.get(file);
    if (lines === undefined) {
      const text = readText(file);
      lines = text === undefined ? null : text.split('\n');
      this.#lines.set(file, lines);
    }
    return lines;
  }

  /** Maps a position (line and column from 0) of a script to the source that a person edits. */
  original(file: string, line: number, column: number): SourcePosition {
    const here = { file, line: line + 1, column: column + 1 };
    const loaded = this.#sourceMap(file);
    if (!loaded) return here;
    const entry = loaded.map.findEntry(line, column) as {
      originalSource?: string;
      originalLine?: number;
      originalColumn?: number;
    };
    if (entry.originalSource === undefined || entry.originalLine === undefined) return here;
    const original = resolveSource(entry.originalSource, loaded.base);
    // Packages publish maps to sources that they don't publish: a file that nobody can open helps nobody.
    if (!this.#exists(original)) return here;
    return { file: original, line: entry.originalLine + 1, column: (entry.originalColumn ?? 0) + 1 };
  }

  #exists(file: string): boolean {
    return this.lines(file) !== null;
  }

  #sourceMap(file: string): LoadedMap | null {
    const known = this.#maps.get(file);
    if (known !== undefined) return known;
    const loaded = this.#loadSourceMap(file);
    this.#maps.set(file, loaded);
    return loaded;
  }

  #loadSourceMap(file: string): LoadedMap | null {
    const lines = this.lines(file);
    if (!lines) return null;
    let url: string | undefined;
    for (let at = lines.length - 1; at >= Math.max(0, lines.length - 5) && url === undefined; at--) {
      url = /^\s*\/\/[#@] sourceMappingURL=(\S+)\s*$/.exec(lines[at])?.[1];
    }
    if (url === undefined) return null;
    try {
      const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/.exec(url);
      const mapFile = inline ? file : resolve(dirname(file), decodeURIComponent(url));
      const text = inline ? Buffer.from(inline[2], inline[1] ? 'base64' : 'utf8').toString('utf8') : readText(mapFile);
      if (text === undefined) return null;
      const payload = JSON.parse(text) as SourceMapPayload;
      return { map: new SourceMap(payload), base: resolve(dirname(mapFile), payload.sourceRoot || '.') };
    } catch {
      return null; // A map that can't be read: the compiled file is still true.
    }
  }
}

function resolveSource(source: string, base: string): string {
  if (source.startsWith('file:')) {
    try {
      return fileURLToPath(source);
    } catch {
      return source;
    }
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(source) || isAbsolute(source)) return source;
  return resolve(base, source);
}

function readText(file: string): string | undefined {
  if (!isAbsolute(file)) return undefined;
  try {
    if (statSync(file).size > MAX_SOURCE_BYTES) return undefined;
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
