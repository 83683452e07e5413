/**
 * The compiled inner loops of reading a snapshot (kernel/scan.ts), with the memory that they work in: a window of the
 * file, its integers, and their columns. Windows are small enough that all of it stays in the processor's cache.
 */
import { scanWasm } from './scan-wasm.ts';

/** Bytes of the file that are scanned at once. */
export const WINDOW_BYTES: number = 128 << 10;
/** Fields a row may have. */
const MOST_FIELDS = 64;
/**
 * A number takes a digit and a comma; what is left of a row from the window before stands in front; and the kernel
 * wants room for those of 64 bytes more.
 */
const MOST_INTEGERS = WINDOW_BYTES / 2 + MOST_FIELDS + 64;
/** A row of nodes has at least five fields, one of edges three. */
const MOST_ROWS = MOST_INTEGERS / 3;

const INPUT = 64;
const INTEGERS: number = align(INPUT + WINDOW_BYTES + 64);
const TYPES: number = align(INTEGERS + MOST_INTEGERS * 4);
const COLUMNS: number[] = [0, 1, 2, 3].map((k) => align(TYPES + MOST_ROWS + k * (MOST_ROWS + 16) * 4));
const TOTAL: number = COLUMNS[3] + (MOST_ROWS + 16) * 4;

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** What is used of it: TypeScript knows WebAssembly with the browser's types only. */
declare const WebAssembly:
  | {
      Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object, imports: object) => { readonly exports: unknown };
    }
  | undefined;

interface Global {
  readonly value: number;
}

interface Exports {
  readonly stoppedAt: Global;
  readonly written: Global;
  readonly largestName: Global;
  readonly edgeSum: { readonly value: bigint };
  reset(): void;
  integers(at: number, end: number, out: number, outEnd: number): number;
  nodes(...args: number[]): number;
  // prettier-ignore
  edges(from: number, rows: number, width: number, typeAt: number, nameAt: number, toAt: number, typeCount: number,
    named: bigint, nodeFields: number, nodeCount: number, types: number, names: number, targets: number): number;
}

/** {@link Kernel.scan} stopped at a byte that is no digit and no separator. */
export const STOPPED_AT_OTHER = 2;

/** One instance a parse: about 1.2 MB. */
export class Kernel {
  readonly #exports: Exports;
  /** The window, to be filled with the file's bytes. */
  readonly input: Uint8Array;
  /** The integers found in it. */
  readonly integers: Uint32Array;
  /** The first column, of a byte a row. */
  readonly types: Uint8Array;
  /** The others. */
  readonly columns: readonly Uint32Array[];

  /** Null where Node runs without WebAssembly (`--jitless`). */
  static create(): Kernel | null {
    return typeof WebAssembly === 'undefined' ? null : new Kernel(WebAssembly);
  }

  private constructor(wasm: NonNullable<typeof WebAssembly>) {
    const memory = new wasm.Memory({ initial: Math.ceil(TOTAL / 65536) });
    const module = new wasm.Module(Buffer.from(scanWasm, 'base64'));
    this.#exports = new wasm.Instance(module, { env: { memory } }).exports as Exports;
    this.input = new Uint8Array(memory.buffer, INPUT, WINDOW_BYTES);
    this.integers = new Uint32Array(memory.buffer, INTEGERS, MOST_INTEGERS);
    this.types = new Uint8Array(memory.buffer, TYPES, MOST_ROWS);
    this.columns = COLUMNS.map((at) => new Uint32Array(memory.buffer, at, MOST_ROWS));
  }

  /** Starts a section. */
  reset(): void {
    this.#exports.reset();
  }

  /** Scans the first `bytes` of the window into `integers` from `skip` on. */
  scan(bytes: number, skip: number): { stopped: number; taken: number; written: number } {
    const end = INPUT + bytes;
    const stopped = this.#exports.integers(INPUT, end, INTEGERS + skip * 4, INTEGERS + MOST_INTEGERS * 4);
    return { stopped, taken: this.#exports.stoppedAt.value - INPUT, written: this.#exports.written.value };
  }

  /** Splits rows of nodes into `types` and `columns` (name, id, self size, edges so far); the first bad row, or `rows`. */
  // prettier-ignore
  nodes(rows: number, width: number, fields: { type: number; name: number; id: number; selfSize: number; edgeCount: number }, typeCount: number): number {
    const { type, name, id, selfSize, edgeCount } = fields;
    return this.#exports.nodes(INTEGERS, rows, width, type, name, id, selfSize, edgeCount, typeCount, TYPES, ...COLUMNS) >>> 0;
  }

  /** Splits rows of edges into `types` and `columns` (name or index, target node); the first bad row, or `rows`. */
  // prettier-ignore
  edges(rows: number, width: number, fields: { type: number; name: number; to: number }, check: { typeCount: number; named: bigint; nodeFields: number; nodeCount: number }): number {
    const { typeCount, named, nodeFields, nodeCount } = check;
    return this.#exports.edges(INTEGERS, rows, width, fields.type, fields.name, fields.to, typeCount, named, nodeFields, nodeCount, TYPES, COLUMNS[0], COLUMNS[1]) >>> 0;
  }

  /** The largest index into the strings that a row of this section was named by. */
  get largestName(): number {
    return this.#exports.largestName.value >>> 0;
  }

  /** Edges of all nodes of this section. */
  get edgeSum(): number {
    return Number(BigInt.asUintN(64, this.#exports.edgeSum.value));
  }
}
