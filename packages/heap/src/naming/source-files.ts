import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MapFolder } from './map-folder.ts';
import { packageOf } from './project.ts';
import { readText } from './read-text.ts';
import { decodeSourceMap, type SourceMap, type SourceMapPayload } from './source-map.ts';
import { sourcePath } from './source-names.ts';

const LARGEST_SOURCE_BYTES = 16 << 20;
const LARGEST_MAP_BYTES = 256 << 20;

/** A position in the file that a person edits; lines and columns start at 1. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** Where else than beside the scripts their sources are looked for. */
export interface SourceOptions {
  /** The repository or working directory. */
  cwd?: string;
  /** Source maps that are kept apart from the scripts. */
  maps?: MapFolder | undefined;
  /** The whole text of a script by its name as V8 tells it, where a snapshot has it. */
  embedded?: (scriptName: string) => string | undefined;
}

interface LoadedMap extends SourceMap {
  /** The paths of the sources; undefined where nobody could open them. */
  paths: (string | undefined)[];
}

/**
 * The texts of scripts and of the sources they were made from, read once each: from this machine's disk, from source
 * maps that bring them along, and from the snapshot. Missing ones are simply not there.
 */
export class SourceFiles {
  readonly #cwd: string;
  readonly #mapFolder: MapFolder | undefined;
  readonly #embedded: (scriptName: string) => string | undefined;
  readonly #scriptNames = new Map<string, string>();
  /** Texts that source maps bring along, by the path that the map gives them. */
  readonly #contents = new Map<string, string>();
  readonly #lines = new Map<string, string[] | null>();
  readonly #maps = new Map<string, LoadedMap | null>();

  constructor({ cwd = process.cwd(), maps, embedded = () => undefined }: SourceOptions = {}) {
    this.#cwd = cwd;
    this.#mapFolder = maps;
    this.#embedded = embedded;
  }

  /** A script's name as V8 tells it, as a path: `file:` URLs become paths, `node:` names stay. */
  pathOf(scriptName: string): string {
    if (!scriptName.startsWith('file:')) return scriptName;
    let path = this.#scriptNames.get(scriptName);
    if (path !== undefined) return path;
    try {
      path = fileURLToPath(scriptName);
    } catch {
      path = scriptName;
    }
    this.#scriptNames.set(scriptName, path);
    return path;
  }

  /** The lines of a file, or null where its text is nowhere at hand. */
  lines(file: string): string[] | null {
    let lines = this.#lines.get(file);
    if (lines === undefined) {
      const text = readText(file, LARGEST_SOURCE_BYTES) ?? this.#contents.get(file) ?? this.#textInSnapshot(file);
      lines = text === undefined ? null : text.split('\n');
      this.#lines.set(file, lines);
    }
    return lines;
  }

  /** Maps a position (line and column from 0) of a script to the source that a person edits. */
  original(file: string, line: number, column: number): SourcePosition {
    const here = { file, line: line + 1, column: column + 1 };
    const map = this.#sourceMap(file);
    const found = map?.find(line, column);
    const path = found && map?.paths[found.source];
    return found && path !== undefined ? { file: path, line: found.line + 1, column: found.column + 1 } : here;
  }

  /** What the source calls the identifier that stands at a position (from 0) of a script, where its map tells. */
  originalName(file: string, line: number, column: number): string | undefined {
    return this.#sourceMap(file)?.find(line, column)?.name;
  }

  /** Whether a script has a source map. */
  isMapped(file: string): boolean {
    return this.#sourceMap(file) !== null;
  }

  #textInSnapshot(file: string): string | undefined {
    for (const [scriptName, path] of this.#scriptNames) {
      if (path === file) return this.#embedded(scriptName) ?? this.#embedded(file);
    }
    return this.#embedded(file);
  }

  #sourceMap(file: string): LoadedMap | null {
    const known = this.#maps.get(file);
    if (known !== undefined) return known;
    const loaded = this.#loadSourceMap(file);
    this.#maps.set(file, loaded);
    return loaded;
  }

  #loadSourceMap(file: string): LoadedMap | null {
    if (file.startsWith('node:') || file.startsWith('internal/')) return null;
    const url = mappingUrl(this.lines(file));
    try {
      const own = url === undefined ? undefined : this.#ownMap(file, url);
      if (own) return this.#decode(own.text, file, own.map);
      const apart = this.#mapFolder?.find(file, url);
      const text = apart === undefined ? undefined : readText(apart, LARGEST_MAP_BYTES);
      return apart === undefined || text === undefined ? null : this.#decode(text, file, apart);
    } catch {
      return null; // A map that can't be read: the compiled file is still true.
    }
  }

  /** The map within a script or beside it. */
  #ownMap(file: string, url: string): { text: string; map: string } | undefined {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url);
    if (inline) {
      const text = inline[1] ? Buffer.from(inline[2], 'base64').toString('utf8') : decodeURIComponent(inline[2]);
      return { text, map: file };
    }
    const map = url.startsWith('file:') ? fileURLToPath(url) : resolve(dirname(file), decodeURIComponent(url));
    const text = readText(map, LARGEST_MAP_BYTES);
    return text === undefined ? undefined : { text, map };
  }

  #decode(text: string, script: string, map: string): LoadedMap {
    // Servers put `)]}'` before JSON so that no page can run it; the specification tells readers to skip that line.
    const decoded = decodeSourceMap(JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, '')) as SourceMapPayload);
    const isInstalled = packageOf(script) !== undefined;
    const paths = decoded.sources.map((source, at) => {
      const path = sourcePath(source, { map, script, cwd: this.#cwd });
      const content = decoded.contents[at];
      if (content !== undefined && !isInstalled) this.#contents.set(path, content);
      // Packages publish maps to sources that they don't publish: a file that nobody can open helps nobody.
      return this.lines(path) !== null ? path : undefined;
    });
    return { ...decoded, paths };
  }
}

/** What the last lines of a script say of its source map. */
function mappingUrl(lines: string[] | null): string | undefined {
  for (let at = (lines?.length ?? 0) - 1; lines && at >= Math.max(0, lines.length - 5); at--) {
    const url = /^\s*\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/.exec(lines[at])?.[1];
    if (url !== undefined) return url;
  }
  return undefined;
}
