/**
 * The inner loops of reading a snapshot, and the memory that they work in: a window of the file, its integers, and their
 * columns. Windows are small enough that all of it stays in the processor's cache.
 */

/** Bytes of the file that are scanned at once. */
export const WINDOW_BYTES: number = 128 << 10;
/** Fields a row may have. */
const MOST_FIELDS = 64;
/**
 * Integers a window may give: a number takes a digit and a comma; what is left of a row from the window before stands in
 * front; and the compiled loop wants room for those of 64 bytes more.
 */
export const MOST_INTEGERS: number = WINDOW_BYTES / 2 + MOST_FIELDS + 64;
/** A row of nodes has at least five fields, one of edges three. */
export const MOST_ROWS: number = Math.floor(MOST_INTEGERS / 3);

/** All bytes were taken, but for the digits of a number that reaches the window's end. */
export const STOPPED_AT_END = 0;
/** There is no room for more integers. */
export const STOPPED_AS_FULL = 1;
/** A byte that is no digit and no separator stands there: the closing bracket, or damage. */
export const STOPPED_AT_OTHER = 2;

/** How far {@link Kernel.scan} came: why it stopped, bytes taken, integers written. */
export interface Scanned {
  stopped: number;
  taken: number;
  written: number;
}

/** Where in a row of nodes each field stands. */
export interface NodeFields {
  type: number;
  name: number;
  id: number;
  selfSize: number;
  edgeCount: number;
}

/** Where in a row of edges each field stands. */
export interface EdgeFields {
  type: number;
  name: number;
  to: number;
}

/** What an edge must agree with. */
export interface EdgeCheck {
  typeCount: number;
  /** A bit for each type whose name is an index into the strings. */
  named: bigint;
  /** Fields of a node: an edge leads to the first of them. */
  nodeFields: number;
  nodeCount: number;
}

/** Takes numbers out of bytes and columns out of numbers, a window at a time; one a parse, about 1.2 MB. */
export interface Kernel {
  /** The window, to be filled with the file's bytes. */
  readonly input: Uint8Array;
  /** The integers found in it. */
  readonly integers: Uint32Array;
  /** The first column, of a byte a row. */
  readonly types: Uint8Array;
  /** The others. */
  readonly columns: readonly Uint32Array[];
  /** The largest index into the strings that a row of this section was named by. */
  readonly largestName: number;
  /** Edges of all nodes of this section. */
  readonly edgeSum: number;
  /** Starts a section. */
  reset(): void;
  /** Scans the first `bytes` of the window into `integers` from `skip` on; those above 2^32 - 1 saturate. */
  scan(bytes: number, skip: number): Scanned;
  /**
   * Splits rows of nodes into `types` and `columns` (name, id, self size, edges so far modulo 2^32); the first row of an
   * unknown type, or `rows`.
   */
  nodes(rows: number, width: number, fields: NodeFields, typeCount: number): number;
  /**
   * Splits rows of edges into `types` and `columns` (name or index, target node); the first row of an unknown type or
   * that leads to no node, or `rows`.
   */
  edges(rows: number, width: number, fields: EdgeFields, check: EdgeCheck): number;
}
