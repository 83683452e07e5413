/** `ebb snapshot --pid`: from the command line to a file. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CaptureError } from '@ebb/capture';
import { attach, type AttachedProcess, type AttachedSnapshot } from '@ebb/capture/attach';
import { printable } from '../wording/printable.ts';
import { bytes } from '../wording/quantities.ts';
import { judged } from './exit-code.ts';
import { untilSignalled } from './until-signalled.ts';

/** What is asked for. */
export interface SnapshotRequest {
  pid: number;
  /** Null for a name of its own in the working directory. */
  output: string | null;
  scrub: boolean;
  method: 'fork' | 'auto' | 'inline';
  json: boolean;
}

/**
 * Takes the snapshot, and says so. Ctrl-C calls it off, and the process is left as it was found.
 *
 * @throws {CaptureError} with the exit code that its kind ends with
 */
export async function snapshotOfProcess(request: SnapshotRequest): Promise<void> {
  const { pid, scrub, method } = request;
  const file = resolve(request.output ?? ownName(pid, new Date()));
  try {
    // Before anything is sent to the process.
    requirePlace(file);
    await untilSignalled(async (signal) => {
      const attached = await attach(pid, { signal });
      let left: string[];
      let taken: AttachedSnapshot;
      let sourceMaps: string | null;
      try {
        taken = await attached.takeSnapshot({ file, scrub, method, signal });
        sourceMaps = await mapsBeside(file, attached, signal);
      } finally {
        ({ left } = await attached.close());
        for (const what of left) say(`in process ${pid} stays ${what}`);
      }
      tell(request, taken, { nodeVersion: attached.nodeVersion, left, sourceMaps });
    });
  } catch (error) {
    throw judged(error, method);
  }
}

/** What else is told of a snapshot's process. */
interface About {
  nodeVersion: string;
  /** What stays in it, in words. */
  left: string[];
  /** The folder; null where the process has no maps but those on the disk. */
  sourceMaps: string | null;
}

/** Maps that are on no disk go into a folder beside the snapshot. Without them the snapshot is worth having, too. */
async function mapsBeside(file: string, attached: AttachedProcess, signal: AbortSignal): Promise<string | null> {
  const folder = `${file}.maps`;
  try {
    const { maps, left } = await attached.takeSourceMaps(folder, { signal });
    if (left > 0) say(`${String(left)} source maps could not be taken along`);
    return maps > 0 ? folder : null;
  } catch (error) {
    say(`source maps could not be taken along: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function tell(request: SnapshotRequest, taken: AttachedSnapshot, { nodeVersion, left, sourceMaps }: About): void {
  const { pid, scrub } = request;
  const { file, bytes: size, method, pauseMs, attempts, fallbackReason } = taken;
  if (fallbackReason !== undefined) say(`not forked: ${fallbackReason.message} (${fallbackReason.code})`);
  if (request.json) {
    const tried = attempts.map(({ outcome, pauseMs: attemptPauseMs }) => ({ outcome, pauseMs: attemptPauseMs }));
    const document = {
      format: 'ebb.snapshot/1',
      pid,
      nodeVersion,
      file,
      bytes: size,
      scrubbed: scrub,
      method,
      pauseMs,
      attempts: tried,
      fallback: fallbackReason === undefined ? null : { code: fallbackReason.code, message: fallbackReason.message },
      left,
      sourceMaps,
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const how = method === 'fork' ? 'forked' : 'by the inspector';
  process.stdout.write(
    `${printable(file)}: ${bytes(size)}${scrub ? ', scrubbed' : ''}, ${how}; process ${pid} (Node.js ${printable(nodeVersion.replace(/^v/, ''))}) paused for ${pause(pauseMs)}\n`,
  );
  if (sourceMaps !== null) {
    say(`its scripts were compiled in memory: ebb analyze --source-maps ${sourceMaps} ${file}`);
  }
  if (!scrub) say('the file holds whatever the program holds, passwords too; `ebb snapshot --scrub` takes them out');
}

/** `7.4 ms`, `12 ms`, `3.2 s`. */
function pause(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function say(text: string): void {
  process.stderr.write(`ebb: ${printable(text)}\n`);
}

/** `node-4711-20261121T084100Z.heapsnapshot` */
function ownName(pid: number, now: Date): string {
  return `node-${pid}-${now.toISOString().replace(/[-:]|\.\d+/g, '')}.heapsnapshot`;
}

function requirePlace(file: string): void {
  if (existsSync(file)) {
    throw new CaptureError('EBB_CAPTURE_EXISTS', `${file} exists already. Name a file that does not exist.`);
  }
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    throw new CaptureError(
      'EBB_CAPTURE_FILE',
      `${file} cannot be written (${cause instanceof Error ? cause.message : String(cause)}). Name a file in a folder that exists and that you may write to.`,
      { cause },
    );
  }
}
