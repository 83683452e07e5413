/** Where a snapshot's bytes come from: a file, a compressed file, a pipe or standard input. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** No more than this many bytes will come, as far as can be told beforehand; Infinity where it cannot. */
  readonly mostBytes: number;
  /** Whether what is read was compressed; known once the first bytes have come. */
  readonly isDecompressed: boolean;
  /** Bytes of the input, compressed or not, that were taken so far, for progress. */
  readonly inputBytesRead: number;
  /** How many there are of these; undefined for a pipe. */
  readonly inputBytes: number | undefined;
  /** Fills `into` from its start with what comes next; waits for at least one byte. 0 at the end. Throws `HeapError`. */
  read(into: Uint8Array): number;
  /** Goes on at another byte; only where the source is a plain file. */
  jump?(toByte: number): void;
  close(): void;
}
