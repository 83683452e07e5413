/** `ebb snapshot --scrub IN -o OUT`. */
import { scrubSnapshot } from '@ebb/capture';
import { printable } from '../wording/printable.ts';
import { bytes, count } from '../wording/quantities.ts';
import { judged } from './exit-code.ts';

/** Writes a copy without the contents of its strings, and says so. @throws {CaptureError} with its exit code */
export async function scrubFile(request: { input: string; output: string; json: boolean }): Promise<void> {
  const scrubbed = await scrubSnapshot(request.input, request.output).catch((error: unknown) => {
    throw judged(error);
  });
  if (request.json) {
    process.stdout.write(`${JSON.stringify({ format: 'ebb.snapshot/1', scrubbed: true, ...scrubbed }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${printable(scrubbed.file)}: ${bytes(scrubbed.bytes)}, scrubbed: ${count(scrubbed.removedStrings)} strings are gone, ${count(scrubbed.keptStrings)} names stay\n`,
  );
}
