import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { HeapError } from '../errors/heap-error.ts';

const CHUNK_BYTES = 4 << 20;

/** Reads a file front to back in chunks; the scanner looks at `chunk[position]` and asks for more at `end`. */
export class ByteReader {
  readonly file: string;
  readonly chunk: Uint8Array;
  /** The first byte not yet scanned, within `chunk`. */
  position = 0;
  /** One past the last byte that `chunk` holds. */
  end = 0;
  /** Bytes of the file that came before `chunk`. */
  chunkOffset = 0;
  readonly sizeBytes: number;
  readonly #fd: number;
  readonly #onChunk: ((bytesRead: number) => void) | undefined;

  /** `onChunk` is told after every read how many bytes were read so far. */
  constructor(file: string, onChunk?: (bytesRead: number) => void, chunkBytes: number = CHUNK_BYTES) {
    this.file = file;
    this.#onChunk = onChunk;
    try {
      // Before it is opened: opening a pipe that nobody writes to would wait for ever.
      const stat = statSync(file);
      if (!stat.isFile()) throw notAFile(file, stat.isDirectory());
      this.#fd = openSync(file, 'r');
    } catch (cause) {
      throw cause instanceof HeapError ? cause : openError(file, cause);
    }
    this.sizeBytes = fstatSync(this.#fd).size;
    // No larger than the file, so that a small one costs little.
    this.chunk = new Uint8Array(Math.max(1, Math.min(chunkBytes, this.sizeBytes)));
  }

  /** Loads the next chunk; false at the end of the file. */
  refill(): boolean {
    this.chunkOffset += this.end;
    this.position = 0;
    try {
      this.end = readSync(this.#fd, this.chunk, 0, this.chunk.length, null);
    } catch (cause) {
      this.end = 0;
      throw new HeapError('EBB_HEAP_FILE_UNREADABLE', `${this.file} could not be read: ${(cause as Error).message}.`, {
        cause,
      });
    }
    this.#onChunk?.(this.chunkOffset + this.end);
    return this.end > 0;
  }

  /** Where in the file the scanner stands, in bytes. */
  get offset(): number {
    return this.chunkOffset + this.position;
  }

  /** The next byte without taking it; -1 at the end of the file. */
  peek(): number {
    if (this.position >= this.end && !this.refill()) return -1;
    return this.chunk[this.position];
  }

  /** Takes the next byte; -1 at the end of the file. */
  next(): number {
    if (this.position >= this.end && !this.refill()) return -1;
    return this.chunk[this.position++];
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function notAFile(file: string, isDirectory: boolean): HeapError {
  if (isDirectory) {
    return new HeapError(
      'EBB_HEAP_FILE_UNREADABLE',
      `${file} is a directory. Name the .heapsnapshot files themselves.`,
    );
  }
  return new HeapError(
    'EBB_HEAP_FILE_UNREADABLE',
    `${file} is not a regular file, but a pipe or a device. Write the snapshot to a file first.`,
  );
}

function openError(file: string, cause: unknown): HeapError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new HeapError(
      'EBB_HEAP_FILE_NOT_FOUND',
      `There is no file ${file}. Check the name; a snapshot ends in .heapsnapshot.`,
      { cause },
    );
  }
  return new HeapError('EBB_HEAP_FILE_UNREADABLE', `${file} could not be opened: ${message}. Check its permissions.`, {
    cause,
  });
}
