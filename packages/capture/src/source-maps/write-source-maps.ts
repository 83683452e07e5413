import { openSession, post } from '../profile/own-inspector.ts';
import { type ParsedScript, SourceMapFolder, type SourceMapOptions } from './source-map-folder.ts';

/** What was written of a thread's source maps. */
export interface WrittenSourceMaps {
  maps: number;
  bytes: number;
  /** Maps that there was no room for within the bound, and those that could not be written. */
  left: number;
  /** How long the thread stood still. */
  pauseMs: number;
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
export function writeSourceMaps(folder: string, options: SourceMapOptions = {}): WrittenSourceMaps {
  const start = process.hrtime();
  const written = new SourceMapFolder(folder, options);
  const session = openSession();
  try {
    session.on('Debugger.scriptParsed', ({ params }: { params: ParsedScript }) => {
      written.take(params);
    });
    // The script texts are not asked for: V8 is to keep none for us.
    post(session, 'Debugger.enable', { maxScriptsCacheSize: 0 });
  } finally {
    session.disconnect();
  }
  const [seconds, nanoseconds] = process.hrtime(start);
  const { maps, bytes, left } = written;
  return { maps, bytes, left, pauseMs: seconds * 1e3 + nanoseconds / 1e6 };
}
