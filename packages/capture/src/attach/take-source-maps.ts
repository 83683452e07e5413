/** The source maps of a process that Ebb is attached to, by its inspector: nothing is loaded there. */
import { SourceMapFolder } from '../source-maps/source-map-folder.ts';
import type { ProcessLine } from './attached-process.ts';
import type { AnswerOptions } from './protocol.ts';

/** What was written of a process's source maps. */
export interface AttachedSourceMaps {
  maps: number;
  bytes: number;
  /** Maps that there was no room for within 64 MB, and those that could not be written. */
  left: number;
}

/**
 * Writes the maps that scripts of the main thread have in themselves, as `writeSourceMaps` does in its own thread. V8 tells
 * of its scripts when the `Debugger` domain is enabled, which is done for that moment.
 *
 * @param folder absolute, as this process names it; made only where there is a map
 * @throws {CaptureError} EBB_CAPTURE_TARGET, EBB_CAPTURE_NO_ANSWER, EBB_CAPTURE_LOST, EBB_CAPTURE_ABORTED
 */
export async function takeAttachedSourceMaps(
  line: ProcessLine,
  folder: string,
  options: AnswerOptions,
): Promise<AttachedSourceMaps> {
  const written = new SourceMapFolder(folder);
  const handle = async ({ url, sourceMapURL }: Record<string, unknown>): Promise<void> => {
    if (typeof url === 'string' && typeof sourceMapURL === 'string') written.take({ url, sourceMapURL });
    await Promise.resolve();
  };
  await line.command('Debugger.enable', { maxScriptsCacheSize: 0 }, { name: 'Debugger.scriptParsed', handle }, options);
  await line.command('Debugger.disable', {}, { name: 'Debugger.scriptParsed', handle }, options);
  const { maps, bytes, left } = written;
  return { maps, bytes, left };
}
