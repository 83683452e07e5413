import { closeSync, readSync } from 'node:fs';
import { HeapError } from '../../errors/heap-error.ts';
import type { ByteSource } from './byte-source.ts';

/** A regular file that is not compressed, read by the thread that parses it: nothing is cheaper. */
export class PlainFile implements ByteSource {
  readonly name: string;
  readonly mostBytes: number;
  readonly inputBytes: number;
  readonly isDecompressed = false;
  inputBytesRead = 0;
  readonly #fd: number;
  /** Where the next read begins; null for where the file stands. */
  #next: number | null;

  /** Takes over an open file; reading begins at `fromByte`, or where it stands. */
  constructor(name: string, fd: number, sizeBytes: number, fromByte: number | null = null) {
    this.name = name;
    this.#fd = fd;
    this.#next = fromByte;
    this.mostBytes = sizeBytes;
    this.inputBytes = sizeBytes;
  }

  read(into: Uint8Array): number {
    try {
      const length = readSync(this.#fd, into, 0, into.length, this.#next);
      if (this.#next !== null) this.#next += length;
      this.inputBytesRead += length;
      return length;
    } catch (cause) {
      throw new HeapError('EBB_HEAP_FILE_UNREADABLE', `${this.name} could not be read: ${(cause as Error).message}.`, {
        cause,
      });
    }
  }

  jump(toByte: number): void {
    this.inputBytesRead = toByte;
    this.#next = toByte;
  }

  close(): void {
    if (this.#fd !== 0) closeSync(this.#fd);
  }
}
