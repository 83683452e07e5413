/** The bytes of a file or of standard input: plain or gzip, as often as they are asked for. */
import { createReadStream, mkdtempSync, openSync, closeSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** A file, or standard input (`-`), that can be read more than once. What can not (a pipe) is kept aside as it is read. */
export class SeriesSource {
  readonly file: string;
  #aside: number | null = null;
  #read = false;

  constructor(file: string) {
    this.file = file;
  }

  /**
   * The text, from its beginning.
   *
   * @throws {CliError} EBB_CLI_SERIES_UNREADABLE when the file does not exist, may not be read, or is damaged
   */
  async *pieces(): AsyncGenerator<Buffer> {
    try {
      const [head, rest] = await split(this.#open());
      const whole = Readable.from(joined(head, rest), { objectMode: false });
      if (head[0] !== 0x1f || head[1] !== 0x8b) yield* whole as AsyncIterable<Buffer>;
      // An error of the first is the error of the second, which is read here.
      else yield* pipeline(whole, createGunzip(), () => undefined) as AsyncIterable<Buffer>;
    } catch (cause) {
      if (cause instanceof CliError) throw cause;
      throw unreadable(this.file, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  close(): void {
    if (this.#aside !== null) closeSync(this.#aside);
    this.#aside = null;
  }

  #open(): AsyncIterable<Buffer> {
    if (this.file !== '-' && statSync(this.file).isFile())
      return createReadStream(this.file, { highWaterMark: 1 << 18 });
    if (this.#aside !== null && this.#read) {
      return createReadStream('', { fd: this.#aside, start: 0, autoClose: false, highWaterMark: 1 << 18 });
    }
    return this.#keepAside(this.file === '-' ? process.stdin : createReadStream(this.file));
  }

  async *#keepAside(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    this.close();
    this.#aside = openNameless();
    for await (const piece of pieces) {
      writeSync(this.#aside, piece);
      yield piece;
    }
    this.#read = true;
  }
}

/** An error about a file as a whole. */
export function unreadable(file: string, reason: string, cause?: unknown): CliError {
  const name = file === '-' ? 'standard input' : `'${printable(file)}'`;
  return new CliError('EBB_CLI_SERIES_UNREADABLE', `${name} cannot be read: ${printable(reason)}`, { cause });
}

/** A temporary file, for its owner's eyes, that is gone with its descriptor. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-judge-'));
  try {
    return openSync(join(folder, 'input'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first two bytes at least, where there are so many, and what comes behind them. */
async function split(pieces: AsyncIterable<Buffer>): Promise<[Buffer, AsyncIterator<Buffer>]> {
  const iterator = pieces[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return [head, iterator];
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}
