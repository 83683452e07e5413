/** What the two threads that read one file tell each other. */
import type { EdgeCheck, EdgeFields } from '../kernel/kernel.ts';

/** States of the other thread, in `control[0]`; `control[1]` counts the rows that it has read. */
export const READING = 0;
export const DONE = 1;
export const FAILED = 2;

/** What it is to read, and where to; all arrays are shared memory. */
export interface EdgesTask {
  file: string;
  fromByte: number;
  edgeCount: number;
  width: number;
  fields: EdgeFields;
  check: EdgeCheck;
  types: Uint8Array;
  names: Uint32Array;
  targets: Uint32Array;
  /** State, rows read. */
  control: Int32Array;
  /** First byte behind the opening bracket, first byte behind the closing one, largest index into the strings. */
  results: Float64Array;
}
