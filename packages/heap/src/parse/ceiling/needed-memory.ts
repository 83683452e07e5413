import { HeapError } from '../../errors/heap-error.ts';
import type { ByteReader } from '../byte-reader.ts';
import type { SnapshotLayout } from '../meta.ts';
import { type AvailableMemory, availableMemory } from './available-memory.ts';

/**
 * What a whole analysis takes at its peak, beside what the process had before. Measured as the growth of VmHWM on Node
 * 20 and 24 over snapshots of 0.1 to 5 million objects (`needed-memory.test.ts` does it again, on one): columns, the
 * graph both ways, dominators, retained sizes, paths and names.
 */
const FIXED_BYTES = 60e6;
const BYTES_A_NODE = 85;
const BYTES_AN_EDGE = 20;
/** The least that a row takes in the file as V8 writes it; what is beyond are strings, which are kept as they are. */
const FILE_BYTES_A_NODE = 18;
const FILE_BYTES_AN_EDGE = 12;

/** Smaller ones fit wherever Node runs. */
const LEAST_ROWS = 200_000;

/** Nodes are numbered, and edges counted, by 32 bits; V8 itself refers to a node by its number times its fields. */
const MOST_ROWS = 2 ** 32 - 2;

/** Bytes that the analysis of such a snapshot takes; `sizeBytes` may be Infinity: then the strings are left out. */
export function neededBytes({ nodeCount, edgeCount }: SnapshotLayout, sizeBytes: number): number {
  const graph = FIXED_BYTES + nodeCount * BYTES_A_NODE + edgeCount * BYTES_AN_EDGE;
  const strings = sizeBytes - nodeCount * FILE_BYTES_A_NODE - edgeCount * FILE_BYTES_AN_EDGE;
  return graph + (Number.isFinite(strings) ? Math.max(0, strings) : 0);
}

/** Room for what a header does not tell. */
export class MemoryCeiling {
  readonly #reader: ByteReader;
  readonly #available: AvailableMemory;
  readonly #graphBytes: number;
  #strings = 0;

  /**
   * Throws EBB_HEAP_TOO_LARGE where a snapshot of this layout is more than can be analysed in the memory that there is:
   * before it is read, and not by being killed. A header that claims more than its file can hold is not believed.
   */
  constructor(reader: ByteReader, layout: SnapshotLayout, available?: AvailableMemory) {
    const { nodeCount, nodeFieldCount, edgeCount, edgeFieldCount } = layout;
    this.#reader = reader;
    this.#graphBytes = neededBytes(layout, reader.remainingBytes ?? Infinity);
    const leastBytes = 2 * (nodeCount * nodeFieldCount + edgeCount * edgeFieldCount);
    const isSmall = available === undefined && nodeCount + edgeCount < LEAST_ROWS;
    this.#available = isSmall ? { bytes: Infinity, of: 'this machine' } : (available ?? availableMemory());
    if (leastBytes > reader.sizeBytes) return;
    if (nodeCount * nodeFieldCount > MOST_ROWS || edgeCount > MOST_ROWS) {
      throw new HeapError(
        'EBB_HEAP_TOO_LARGE',
        `${reader.file} has ${count(nodeCount)} objects and ${count(edgeCount)} references: more than the format can number by 32 bits. Take a snapshot while the heap is smaller.`,
      );
    }
    if (this.#graphBytes > this.#available.bytes) {
      throw this.#tooLarge(this.#graphBytes, ` (${count(nodeCount)} objects, ${count(edgeCount)} references)`);
    }
  }

  /** Takes bytes for strings, of an input whose size nobody knows. Throws EBB_HEAP_TOO_LARGE where there are none left. */
  takeForStrings(bytes: number): void {
    this.#strings += bytes;
    const needed = this.#graphBytes + this.#strings;
    if (this.#reader.remainingBytes === undefined && needed > this.#available.bytes) {
      throw this.#tooLarge(needed, ' and more: its strings have not come to an end');
    }
  }

  #tooLarge(needed: number, why: string): HeapError {
    const { bytes, of } = this.#available;
    return new HeapError(
      'EBB_HEAP_TOO_LARGE',
      `The analysis of ${this.#reader.file} takes about ${gigabytes(needed)} of memory${why}, and ${of} has ${gigabytes(bytes)} left. Analyse it where there is more, or take a snapshot while the heap is smaller: the same leak shows.`,
    );
  }
}

const count = (value: number): string => value.toLocaleString('en');

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;

/** V8's and Node's words for an array that cannot be had. */
const NO_ARRAY =
  /Array buffer allocation failed|Invalid (?:typed array|array buffer) length|(?:Map|Set) maximum size exceeded|Invalid array length/;

/** EBB_HEAP_TOO_LARGE for the error of an allocation that failed; any other error as it is. */
export function asTooLarge(error: unknown, file: string): unknown {
  if (!(error instanceof RangeError) || !NO_ARRAY.test(error.message)) return error;
  return new HeapError(
    'EBB_HEAP_TOO_LARGE',
    `The analysis of ${file} takes more memory than this process can have (${error.message}). Analyse it where there is more, or take a snapshot while the heap is smaller: the same leak shows.`,
    { cause: error },
  );
}
