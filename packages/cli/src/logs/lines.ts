/** Reads the lines of logs: files of any size, plain or gzip, or standard input. Memory stays bounded, whatever is in them. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** A longer line is cut: nothing that is looked for stands behind so much text. */
const longestLine = 65_536;

/** Lines that came together, as Latin-1: each byte one character, so that bytes that are no UTF-8 do no harm. */
export interface LinesOfPiece {
  lines: readonly string[];
  /** The number of the first of them, from 1. */
  firstLine: number;
}

/** When a log was last written to; now for standard input. */
export function writtenAtMs(file: string, now: number): number {
  try {
    return file === '-' ? now : statSync(file).mtimeMs;
  } catch {
    return now;
  }
}

/** @throws {CliError} EBB_CLI_LOG_UNREADABLE */
export async function* readLines(file: string): AsyncGenerator<LinesOfPiece> {
  let rest = '';
  let cut = false;
  let firstLine = 1;
  try {
    for await (const piece of await opened(file)) {
      const lines = (rest + piece.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      // The end of a line whose beginning has been told already.
      if (cut && lines.length > 0) lines[0] = '';
      if (lines.length > 0) cut = false;
      if (rest.length > longestLine) {
        if (!cut) yield { lines: [...lines, rest.slice(0, longestLine)], firstLine };
        else if (lines.length > 0) yield { lines, firstLine };
        cut = true;
        rest = '';
      } else if (lines.length > 0) yield { lines, firstLine };
      firstLine += lines.length;
    }
    if (rest !== '' && !cut) yield { lines: [rest], firstLine };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('EBB_CLI_LOG_UNREADABLE', `the log '${printable(file)}' cannot be read: ${reason}`, { cause });
  }
}

async function opened(file: string): Promise<AsyncIterable<Buffer>> {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await pieces.next();
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  const whole = (async function* () {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })();
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole;
  const unpacked = createGunzip();
  void (async () => {
    try {
      for await (const piece of whole) {
        if (!unpacked.write(piece))
          await new Promise((resolve) => unpacked.once('drain', resolve).once('close', resolve));
      }
      unpacked.end();
    } catch (cause) {
      unpacked.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    }
  })();
  return unpacked as AsyncIterable<Buffer>;
}
