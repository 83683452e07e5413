import type { ByteSource } from './source/byte-source.ts';

/** Small enough to stay in the processor's cache between reading and scanning. */
const CHUNK_BYTES = 256 << 10;

/** Reads a source front to back in chunks; the scanner looks at `chunk[position]` and asks for more at `end`. */
export class ByteReader {
  /** What messages call the source. */
  readonly file: string;
  readonly chunk: Uint8Array;
  /** The first byte not yet scanned, within `chunk`. */
  position = 0;
  /** One past the last byte that `chunk` holds. */
  end = 0;
  /** Bytes of the snapshot that came before `chunk`; a double, so good past 4 GB. */
  chunkOffset = 0;
  /** The snapshot has no more bytes than this: its size, for a plain file; Infinity where nothing tells it. */
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #onChunk: (() => void) | undefined;

  /** `onChunk` is called after every read. */
  constructor(source: ByteSource, onChunk?: () => void, chunkBytes: number = CHUNK_BYTES) {
    this.file = source.name;
    this.#source = source;
    this.#onChunk = onChunk;
    this.sizeBytes = source.mostBytes;
    // No larger than the file, so that a small one costs little.
    this.chunk = new Uint8Array(Math.max(1, Math.min(chunkBytes, this.sizeBytes)));
  }

  /** Loads the next chunk; false at the end of the source. */
  refill(): boolean {
    this.chunkOffset += this.end;
    this.position = 0;
    this.end = 0;
    this.end = this.#source.read(this.chunk);
    this.#onChunk?.();
    return this.end > 0;
  }

  /** Goes on at a byte further on that another reader has come to. Only for plain files. */
  jump(toByte: number): void {
    this.#source.jump?.(toByte);
    this.chunkOffset = toByte;
    this.position = 0;
    this.end = 0;
  }

  /** Where in the snapshot the scanner stands, in bytes. */
  get offset(): number {
    return this.chunkOffset + this.position;
  }

  /** What {@link offset} counts, for messages. */
  get unit(): string {
    return this.#source.isDecompressed ? 'unpacked bytes' : 'bytes';
  }

  /** Whether the end of the source comes without waiting: not that of a pipe that its writer leaves open. */
  get endsByItself(): boolean {
    return this.#source.inputBytes !== undefined || this.#source.isDecompressed;
  }

  /** How much is left of the snapshot; undefined where nobody knows. */
  get remainingBytes(): number | undefined {
    const { inputBytes, mostBytes } = this.#source;
    return inputBytes === mostBytes ? Math.max(0, mostBytes - this.offset) : undefined;
  }

  /** The next byte without taking it; -1 at the end of the source. */
  peek(): number {
    if (this.position >= this.end && !this.refill()) return -1;
    return this.chunk[this.position];
  }
}
