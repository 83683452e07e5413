/**
 * The thread beside the one that parses: reads a compressed file, a pipe or standard input, unpacks it, and writes it
 * into a ring. Unpacking costs more than parsing; here it runs on the other core. It can be ended while nothing comes,
 * which a thread inside of a read from a pipe cannot.
 */
import { once } from 'node:events';
import { constants, createReadStream, fstatSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { type MessagePort, workerData } from 'node:worker_threads';
import { HeapError, type HeapErrorCode } from '../../errors/heap-error.ts';
import {
  type Compression,
  compressionOf,
  compressions,
  decompressor,
  isCutOff,
  isOfUnpacking,
  MAGIC_BYTES,
} from './compression.ts';
import { RingWriter } from './ring.ts';

/** What the thread is started with. */
export interface FeedInput {
  memory: SharedArrayBuffer;
  /** Takes the error that ends it, if one does. */
  port: MessagePort;
  /** A path, or undefined for standard input. */
  path: string | undefined;
  /** What messages call it. */
  name: string;
}

/** What goes through the port. */
export interface FeedFailure {
  code: HeapErrorCode;
  message: string;
}

const READ_BYTES = 256 << 10;
/** As much as a pipe holds, as a rule. */
const PIPE_BYTES = 64 << 10;
const LONGEST_PAUSE_MS = 10;

/**
 * What is read, in pieces. Whatever is opened here is a `FileHandle`: it is closed when it has been read, and when the
 * thread is ended before. (A socket that is given a descriptor closes it, too, but at the end of a thread Node closes all
 * those that `openSync` has opened there once more, and the number may be somebody else's by then.)
 */
async function openInput(path: string | undefined): Promise<AsyncIterable<Buffer>> {
  const stat = path === undefined ? fstatSync(0) : statSync(path);
  const isPipe = stat.isFIFO() || stat.isSocket();
  if (path !== undefined) {
    return isPipe ? readPipe(path) : (await open(path)).createReadStream({ highWaterMark: READ_BYTES });
  }
  return (
    isPipe
      ? new Socket({ fd: 0, readable: true, writable: false })
      : createReadStream('', { fd: 0, highWaterMark: READ_BYTES })
  ) as AsyncIterable<Buffer>;
}

/**
 * Reads a pipe without ever waiting inside of a read: a thread in there could not be ended. To such a read a pipe without
 * a writer is at its end; one that has a name may not have had any yet.
 */
async function* readPipe(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let hadWriter = !hasName(path);
    for (let idle = 0; ;) {
      const piece = Buffer.allocUnsafeSlow(PIPE_BYTES);
      const length = await handle.read(piece).then(
        ({ bytesRead }) => bytesRead,
        (error: unknown) => {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
          throw error;
        },
      );
      if (length === 0 && hadWriter) return;
      if (length !== 0) hadWriter = true;
      if (length !== null && length > 0) {
        idle = 0;
        yield piece.subarray(0, length);
      } else {
        await setTimeout(Math.min(LONGEST_PAUSE_MS, idle));
        idle++;
      }
    }
  } finally {
    await handle.close();
  }
}

/** What a shell substitutes is a pipe that stands in no folder. */
function hasName(path: string): boolean {
  try {
    realpathSync(path);
    return true;
  } catch {
    return false;
  }
}

async function feed({ path, name }: FeedInput, ring: RingWriter): Promise<void> {
  const chunks = counted(await openInput(path), ring);
  const head = await takeHead(chunks);
  const compression = compressionOf(head, name);
  ring.tellKind(compressions.indexOf(compression));
  const whole = chain(head, chunks);
  if (compression === 'none') {
    for await (const chunk of whole) ring.write(chunk);
    return;
  }
  const unpacking = decompressor(compression);
  // By events and not by another stream behind it: what was unpacked before an error must not be dropped.
  unpacking.on('data', (chunk: Buffer) => {
    ring.write(chunk);
  });
  try {
    await Promise.all([pipeline(whole, unpacking), once(unpacking, 'end')]);
  } catch (cause) {
    if (isCutOff(cause)) return; // the parser says what is missing, if anything is
    throw isOfUnpacking(cause) ? damaged(name, compression, cause as Error) : cause;
  }
}

async function* counted(input: AsyncIterable<Buffer>, ring: RingWriter): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for await (const chunk of input) {
    taken += chunk.length;
    ring.tellProgress(taken);
    yield chunk;
  }
}

/** The first bytes, as many as tell the compression, in whatever pieces they come. */
async function takeHead(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < MAGIC_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* chain(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

function damaged(name: string, compression: Compression, cause: Error): HeapError {
  return new HeapError(
    'EBB_HEAP_CORRUPT',
    `${name} is damaged: its ${compression} data cannot be unpacked (${cause.message}). Copy it again, in binary mode; where ${compression} itself finds it whole, let that unpack it: ${compression} -dc FILE | ebb analyze -`,
    { cause },
  );
}

const input = workerData as FeedInput;
const ring = new RingWriter(input.memory);
ring.open();
// However this thread ends, whoever waits for it must hear of it.
process.once('exit', () => {
  ring.end('failed');
});
try {
  await feed(input, ring);
  ring.end('ended');
} catch (error) {
  const { code, message } =
    error instanceof HeapError
      ? error
      : new HeapError(
          'EBB_HEAP_FILE_UNREADABLE',
          `${input.name} could not be read: ${error instanceof Error ? error.message : String(error)}.`,
        );
  input.port.postMessage({ code, message } satisfies FeedFailure);
  ring.end('failed');
}
