import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CaptureError } from '../error.ts';

/**
 * Scrubs in a process of its own, with the lowest priority: the program that took the snapshot has other work. From one
 * open file into another.
 *
 * @throws {CaptureError} (rejects) EBB_CAPTURE_INCOMPLETE
 */
export async function scrubApart(fromFd: number, toFd: number, keepAlive: boolean): Promise<void> {
  const program = fileURLToPath(new URL('./scrub-worker.js', import.meta.url));
  // Without the program's environment: NODE_OPTIONS would load into this process what is loaded into the program.
  const child = spawn(process.execPath, [program], { env: {}, stdio: ['ignore', 'ignore', 'pipe', fromFd, toFd] });
  if (!keepAlive) child.unref();
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 2000) said += text;
  });
  const end = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? null : said.trim() || String(signal ?? code)));
  });
  if (end === null) return;
  throw new CaptureError(
    'EBB_CAPTURE_INCOMPLETE',
    `The snapshot was taken, but scrubbing it failed (${end}). Nothing of it is left. Look at the room on that disk.`,
  );
}
