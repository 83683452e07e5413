/**
 * Reads protobuf's wire format (protobuf.dev/programming-guides/encoding) field by field, from one buffer, and makes no
 * messages: what nobody asks for costs a jump. A request of any bytes ends in an error or in what was asked for, and no
 * length in it reserves memory.
 */

/** How a field's value is written. */
export const varint = 0;
/** Eight bytes: double, fixed64, sfixed64. */
export const eightBytes = 1;
/** A length, and so many bytes: a string or a message. */
export const delimited = 2;
const fourBytes = 5;

/** A place in a buffer, and the field that stands there. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #field = 0;
  #wire = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where it stands; setting it goes back to what was passed. */
  get at(): number {
    return this.#at;
  }

  set at(at: number) {
    this.#at = at;
  }

  /** Where the buffer ends. */
  get end(): number {
    return this.#bytes.length;
  }

  /** Goes to the next field of the message that ends at `end`; false when there is none. @throws {RangeError} */
  next(end: number): boolean {
    if (this.#at === end) return false;
    const tag = this.varint(end);
    this.#field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.#field === 0) throw new RangeError('field 0');
    return true;
  }

  /** Whether the field is this one, and written so. */
  is(field: number, wire: number): boolean {
    return this.#field === field && this.#wire === wire;
  }

  /** Passes over the field's value. @throws {RangeError} */
  skipField(end: number): void {
    if (this.#wire === varint) this.varint(end);
    else if (this.#wire === eightBytes) this.#pass(8, end);
    else if (this.#wire === delimited) this.#at = this.enter(end);
    else if (this.#wire === fourBytes) this.#pass(4, end);
    else throw new RangeError(`wire type ${this.#wire}`);
  }

  /** Goes into the field's value, and says where it ends. @throws {RangeError} */
  enter(end: number): number {
    const bytes = this.varint(end);
    const inside = this.#at + bytes;
    if (inside > end) throw new RangeError('a length beyond the end');
    return inside;
  }

  /** The text in the field; what is no UTF-8 becomes U+FFFD. @throws {RangeError} */
  text(end: number): string {
    const inside = this.enter(end);
    const text = this.#bytes.toString('utf8', this.#at, inside);
    this.#at = inside;
    return text;
  }

  /** A number of up to 64 bits, unsigned; exact up to 2 ** 53. @throws {RangeError} */
  varint(end: number): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      if (this.#at >= end) break;
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number beyond the end, or of more than 64 bits');
  }

  /** The same as a signed one (int64). @throws {RangeError} */
  signedVarint(end: number): number {
    const value = this.varint(end);
    if (value < 2 ** 63) return value;
    // What is negative has all ten bytes; near zero that is exact in BigInt only.
    let whole = 0n;
    for (let i = 0; i < 10; i++) whole |= BigInt(this.#bytes[this.#at - 10 + i] & 0x7f) << BigInt(7 * i);
    return Number(BigInt.asIntN(64, whole));
  }

  /** A signed number whose sign stands in its last bit (sint32). @throws {RangeError} */
  zigzag(end: number): number {
    const value = this.varint(end);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** @throws {RangeError} */
  double(end: number): number {
    return this.#bytes.readDoubleLE(this.#pass(8, end));
  }

  /** Eight bytes as an unsigned number. @throws {RangeError} */
  fixed64(end: number): number {
    const at = this.#pass(8, end);
    return this.#bytes.readUInt32LE(at) + this.#bytes.readUInt32LE(at + 4) * 2 ** 32;
  }

  /** Eight bytes as a signed number. @throws {RangeError} */
  sfixed64(end: number): number {
    const at = this.#pass(8, end);
    return this.#bytes.readUInt32LE(at) + this.#bytes.readInt32LE(at + 4) * 2 ** 32;
  }

  /** Passes over so many bytes, and says where they began. */
  #pass(bytes: number, end: number): number {
    const at = this.#at;
    if (at + bytes > end) throw new RangeError('a value beyond the end');
    this.#at = at + bytes;
    return at;
  }
}
