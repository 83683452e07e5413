/** The {@link Kernel} in JavaScript, for where the compiled one does not do. */
import {
  type EdgeCheck,
  type EdgeFields,
  type Kernel,
  MOST_INTEGERS,
  MOST_ROWS,
  type NodeFields,
  type Scanned,
  STOPPED_AS_FULL,
  STOPPED_AT_END,
  STOPPED_AT_OTHER,
  WINDOW_BYTES,
} from './kernel.ts';

const LARGEST = 0xffffffff;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** See {@link Kernel}. */
export class ScriptKernel implements Kernel {
  readonly input: Uint8Array = new Uint8Array(WINDOW_BYTES);
  readonly integers: Uint32Array = new Uint32Array(MOST_INTEGERS);
  readonly types: Uint8Array = new Uint8Array(MOST_ROWS);
  readonly columns: readonly Uint32Array[] = [0, 1, 2, 3].map(() => new Uint32Array(MOST_ROWS));
  largestName = 0;
  edgeSum = 0;

  reset(): void {
    this.largestName = 0;
    this.edgeSum = 0;
  }

  scan(bytes: number, skip: number): Scanned {
    const { input, integers } = this;
    const room = integers.length;
    let out = skip;
    let value = -1; // -1: between numbers
    let stopped = STOPPED_AT_END;
    let at = 0;
    for (; at < bytes; at++) {
      const byte = input[at];
      if (byte >= 0x30 && byte <= 0x39) {
        value = value < 0 ? byte - 0x30 : value * 10 + (byte - 0x30);
        continue;
      }
      if (value >= 0) {
        if (out === room) {
          stopped = STOPPED_AS_FULL;
          break;
        }
        integers[out++] = value > LARGEST ? LARGEST : value;
        value = -1;
      }
      if (byte === 0x2c || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      stopped = STOPPED_AT_OTHER;
      break;
    }
    // A number that did not get written is not taken either.
    if (value >= 0) while (at > 0 && isDigit(input[at - 1])) at--;
    return { stopped, taken: at, written: out - skip };
  }

  nodes(rows: number, width: number, fields: NodeFields, typeCount: number): number {
    const { integers, types } = this;
    const [names, ids, sizes, sums] = this.columns;
    const { type: typeAt, name: nameAt, id: idAt, selfSize: sizeAt, edgeCount: edgesAt } = fields;
    let largest = this.largestName;
    let sum = this.edgeSum;
    for (let row = 0, at = 0; row < rows; row++, at += width) {
      const type = integers[at + typeAt];
      if (type >= typeCount) return row;
      const name = integers[at + nameAt];
      if (name > largest) largest = name;
      sum += integers[at + edgesAt];
      types[row] = type;
      names[row] = name;
      ids[row] = integers[at + idAt];
      sizes[row] = integers[at + sizeAt];
      sums[row] = sum;
    }
    this.largestName = largest;
    this.edgeSum = sum;
    return rows;
  }

  edges(rows: number, width: number, fields: EdgeFields, check: EdgeCheck): number {
    const { integers, types } = this;
    const [names, targets] = this.columns;
    const { type: typeAt, name: nameAt, to: toAt } = fields;
    const { typeCount, nodeFields, nodeCount } = check;
    const named = Array.from({ length: typeCount }, (_, type) => ((check.named >> BigInt(type)) & 1n) === 1n);
    let largest = this.largestName;
    for (let row = 0, at = 0; row < rows; row++, at += width) {
      const type = integers[at + typeAt];
      const to = integers[at + toAt] / nodeFields;
      if (type >= typeCount || to >= nodeCount || to !== Math.floor(to)) return row;
      const name = integers[at + nameAt];
      if (name > largest && named[type]) largest = name;
      types[row] = type;
      names[row] = name;
      targets[row] = to;
    }
    this.largestName = largest;
    return rows;
  }
}
