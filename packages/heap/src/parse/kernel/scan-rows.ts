/** Takes a section of integers through a kernel, window by window. */
import { corrupt, openArray, TruncatedError } from '../json-scanner.ts';
import type { ByteReader } from '../byte-reader.ts';
import { type Kernel, STOPPED_AT_OTHER, WINDOW_BYTES } from './kernel.ts';

const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;

/**
 * Takes an array of non-negative integers and hands whole rows of `width` over as they come: the first `rows` in
 * `kernel.integers`. Integers above 2^32 - 1 saturate. Returns how many there were. What stands between them is held to
 * be commas and white space in any order: whoever calls counts the integers, and that finds a lost one.
 *
 * @param mayBeNegative whether a minus may stand before a number; then `onRows` hears of it
 * @param onRows is told how many rows there are, and which of `kernel.integers` are negative (rarely any)
 */
export function scanRows(
  reader: ByteReader,
  within: string,
  kernel: Kernel,
  width: number,
  onRows: (rows: number, negative: readonly number[]) => void,
  { mayBeNegative = false }: { mayBeNegative?: boolean } = {},
): number {
  openArray(reader, within);
  kernel.reset();
  let carried = 0; // digits of a number that the window before ended in
  let waiting = 0; // integers of a row that the window before ended in
  let total = 0;
  let negative: number[] = []; // of the integers that wait, and the one to come
  for (;;) {
    if (reader.position >= reader.end && !reader.refill()) throw new TruncatedError(reader, within);
    const { chunk, position } = reader;
    const fresh = Math.min(WINDOW_BYTES - carried, reader.end - position);
    kernel.input.set(chunk.subarray(position, position + fresh), carried);
    const held = carried + fresh;
    const { stopped, taken, written } = kernel.scan(held, waiting);
    total += written;
    const integers = waiting + written;
    const rows = Math.floor(integers / width);
    if (rows > 0) {
      onRows(rows, negative);
      negative = negative.map((index) => index - rows * width).filter((index) => index >= 0);
      kernel.integers.copyWithin(0, rows * width, integers);
    }
    waiting = integers - rows * width;
    if (stopped === STOPPED_AT_OTHER) {
      reader.position = position + taken - carried;
      const byte = chunk[reader.position++];
      if (byte === MINUS && mayBeNegative) {
        negative.push(waiting);
        carried = 0;
        continue;
      }
      if (byte !== CLOSE_BRACKET)
        throw corrupt(reader, `found ${JSON.stringify(String.fromCharCode(byte))} among the numbers of its ${within}`);
      return total;
    }
    reader.position = position + fresh;
    kernel.input.copyWithin(0, taken, held);
    carried = held - taken;
    if (carried === WINDOW_BYTES) throw corrupt(reader, `a number of its ${within} has ${carried} digits`);
  }
}
