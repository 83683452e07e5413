/**
 * Reads the integers of a JSON array out of bytes that come in pieces.
 */

const zero = 0x30;
const nine = 0x39;
const closing = 0x5d;

/** One array, piece by piece. */
export class IntegerScanner {
  #value = 0;
  #inNumber = false;
  readonly #tell: (value: number) => void;

  /** @param tell gets each integer, in order; none of these arrays holds a negative one */
  constructor(tell: (value: number) => void) {
    this.#tell = tell;
  }

  /**
   * @returns the offset behind the `]` that ends the array, or -1 when it goes on after these bytes
   */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let value = this.#value;
    let inNumber = this.#inNumber;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (byte >= zero && byte <= nine) {
        value = value * 10 + (byte - zero);
        inNumber = true;
        continue;
      }
      if (inNumber) {
        this.#tell(value);
        value = 0;
        inNumber = false;
      }
      if (byte === closing) {
        this.#value = 0;
        this.#inNumber = false;
        return at + 1;
      }
    }
    this.#value = value;
    this.#inNumber = inNumber;
    return -1;
  }
}
