/** Where the source maps go that scripts bring along in themselves (`//# sourceMappingURL=data:…`). */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How many bytes of maps are written at most; default 64 MB. */
export interface SourceMapOptions {
  maxBytes?: number;
}

/** A script as the inspector's `Debugger.scriptParsed` tells it. */
export interface ParsedScript {
  url: string;
  sourceMapURL?: string;
}

/**
 * A folder of source maps. A map stands at the script's own path below it, with `.map`, mode 0600, where `--source-maps` of
 * `ebb analyze` finds it. No folder is made where no script has a map in itself.
 */
export class SourceMapFolder {
  maps = 0;
  bytes = 0;
  /** Maps that there was no room for within the bound, and those that could not be written. */
  left = 0;
  readonly #folder: string;
  readonly #maxBytes: number;

  /** @param folder absolute; made where it does not exist, in one that does */
  constructor(folder: string, { maxBytes = 64e6 }: SourceMapOptions = {}) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Writes the map of one script, if it has one in itself. Never throws. */
  take({ url, sourceMapURL }: ParsedScript): void {
    const path = pathOf(url);
    const map = sourceMapURL === undefined ? undefined : inlineMap(sourceMapURL);
    if (path === undefined || map === undefined) return;
    if (this.bytes + map.length > this.#maxBytes || !write(this.#folder, `${path}.map`, map)) {
      this.left += 1;
      return;
    }
    this.maps += 1;
    this.bytes += map.length;
  }
}

/** The path of a script's name, without the query that a loader adds; undefined for what is no file. */
function pathOf(url: string): string | undefined {
  try {
    const path = url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/s, '')) : url.replace(/\?.*$/s, '');
    return isAbsolute(path) ? resolve(path) : undefined;
  } catch {
    return undefined;
  }
}

function inlineMap(url: string): Buffer | undefined {
  const [, base64, text] = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(url) ?? [];
  if (text === undefined) return undefined;
  try {
    return base64 === undefined ? Buffer.from(decodeURIComponent(text)) : Buffer.from(text, 'base64');
  } catch {
    return undefined;
  }
}

function write(folder: string, name: string, map: Buffer): boolean {
  try {
    // By itself: `mkdirSync` with `recursive` never returns below /proc.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, map, { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
