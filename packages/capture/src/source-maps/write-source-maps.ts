import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSession, post } from '../profile/own-inspector.ts';

/** What was written of a thread's source maps. */
export interface WrittenSourceMaps {
  maps: number;
  bytes: number;
  /** Maps that there was no room for within the bound, and those that could not be written. */
  left: number;
  /** How long the thread stood still. */
  pauseMs: number;
}

/** How many bytes of maps are written at most; default 64 MB. */
export interface SourceMapOptions {
  maxBytes?: number;
}

/** As the inspector's `Debugger.scriptParsed` tells it. */
interface ParsedScript {
  params: { url: string; sourceMapURL?: string };
}

/**
 * Writes the source maps that scripts of this thread bring along in themselves (`//# sourceMappingURL=data:…`) into a
 * folder: what tsx, ts-node and their like make of a source file in memory is on no disk, and places in a
 * snapshot mean nothing without its map. A map stands at the script's own path below the folder, with `.map`, mode 0600,
 * where `--source-maps` of `ebb analyze` finds it. Nothing is written, and no folder made, where no script has one.
 *
 * V8 tells of all its scripts when the inspector's `Debugger` domain is enabled (Chrome DevTools Protocol), which is done
 * for that moment only. When an inspector session ends V8 forgets the numbers that it gave objects
 * (`V8HeapProfilerAgentImpl::disable`), by which snapshots are compared: so before the first of several, not between.
 *
 * @param folder absolute; made where it does not exist, in one that does
 * @throws {CaptureError} EBB_CAPTURE_PROFILER when there is no inspector; nothing else
 */
export function writeSourceMaps(folder: string, { maxBytes = 64e6 }: SourceMapOptions = {}): WrittenSourceMaps {
  const start = process.hrtime();
  const written: Omit<WrittenSourceMaps, 'pauseMs'> = { maps: 0, bytes: 0, left: 0 };
  const session = openSession();
  try {
    session.on('Debugger.scriptParsed', ({ params: { url, sourceMapURL } }: ParsedScript) => {
      const path = pathOf(url);
      const map = sourceMapURL === undefined ? undefined : inlineMap(sourceMapURL);
      if (path === undefined || map === undefined) return;
      if (written.bytes + map.length > maxBytes || !write(folder, `${path}.map`, map)) {
        written.left += 1;
        return;
      }
      written.maps += 1;
      written.bytes += map.length;
    });
    // The script texts are not asked for: V8 is to keep none for us.
    post(session, 'Debugger.enable', { maxScriptsCacheSize: 0 });
  } finally {
    session.disconnect();
  }
  const [seconds, nanoseconds] = process.hrtime(start);
  return { ...written, pauseMs: seconds * 1e3 + nanoseconds / 1e6 };
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
