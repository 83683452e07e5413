/** The {@link Kernel} that is compiled (kernel/scan.ts), with its memory: three times as fast as the one in JavaScript. */
import {
  type EdgeCheck,
  type EdgeFields,
  type Kernel,
  MOST_INTEGERS,
  MOST_ROWS,
  type NodeFields,
  type Scanned,
  WINDOW_BYTES,
} from './kernel.ts';
import { scanWasm } from './scan-wasm.ts';

/** Before what is scanned, 16 bytes must be readable. */
const INPUT = 64;
const INTEGERS: number = align(INPUT + WINDOW_BYTES + 64);
const TYPES: number = align(INTEGERS + MOST_INTEGERS * 4);
const COLUMNS: number[] = [0, 1, 2, 3].map((k) => align(TYPES + MOST_ROWS + k * (MOST_ROWS + 16) * 4));
const TOTAL: number = COLUMNS[3] + (MOST_ROWS + 16) * 4;

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Types of edges that the mask of those that are named has bits for; V8 has seven. */
const MOST_EDGE_TYPES = 64;

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

/** See {@link Kernel}. */
export class WasmKernel implements Kernel {
  readonly #exports: Exports;
  readonly input: Uint8Array;
  readonly integers: Uint32Array;
  readonly types: Uint8Array;
  readonly columns: readonly Uint32Array[];

  /** Null where Node runs without WebAssembly (`--jitless`), or where there are more types of edges than it can tell. */
  static create(edgeTypeCount: number): WasmKernel | null {
    return typeof WebAssembly === 'undefined' || edgeTypeCount > MOST_EDGE_TYPES ? null : new WasmKernel(WebAssembly);
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

  reset(): void {
    this.#exports.reset();
  }

  scan(bytes: number, skip: number): Scanned {
    const end = INPUT + bytes;
    const stopped = this.#exports.integers(INPUT, end, INTEGERS + skip * 4, INTEGERS + MOST_INTEGERS * 4);
    return { stopped, taken: this.#exports.stoppedAt.value - INPUT, written: this.#exports.written.value };
  }

  nodes(rows: number, width: number, fields: NodeFields, typeCount: number): number {
    const { type, name, id, selfSize, edgeCount } = fields;
    return (
      this.#exports.nodes(INTEGERS, rows, width, type, name, id, selfSize, edgeCount, typeCount, TYPES, ...COLUMNS) >>>
      0
    );
  }

  edges(rows: number, width: number, fields: EdgeFields, check: EdgeCheck): number {
    const { typeCount, named, nodeFields, nodeCount } = check;
    return (
      this.#exports.edges(
        INTEGERS,
        rows,
        width,
        fields.type,
        fields.name,
        fields.to,
        typeCount,
        named,
        nodeFields,
        nodeCount,
        TYPES,
        COLUMNS[0],
        COLUMNS[1],
      ) >>> 0
    );
  }

  get largestName(): number {
    return this.#exports.largestName.value >>> 0;
  }

  get edgeSum(): number {
    return Number(BigInt.asUintN(64, this.#exports.edgeSum.value));
  }
}
