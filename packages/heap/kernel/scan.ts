// The inner loops of reading a snapshot, in AssemblyScript: `npm run kernel -w @ebb/heap` compiles it into
// src/parse/kernel/scan-wasm.ts. Why not JavaScript: numbers of one to eight digits mispredict a branch each, and
// JavaScript has neither vectors nor 64-bit integers to do without them (docs/decisions/0011).
//
// Memory is the caller's to lay out; at least 16 bytes before what is scanned must be readable.

/** Where scanning stopped: the first byte not taken. */
export let stoppedAt: usize = 0;
/** Values or strings written by the last call. */
export let written: u32 = 0;

/** All bytes were taken; a number that reaches the end is not among them: `stoppedAt` is its first digit. */
const END: i32 = 0;
/** No room for more output. */
const FULL: i32 = 1;
/** A byte stands at `stoppedAt` that does not belong here: the closing bracket, or damage. */
const OTHER: i32 = 2;

const ZERO: i32 = 0x30;

// prettier-ignore
@inline function isSeparator(byte: i32): bool {
  return byte == 0x2c || byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/** All bits of the bytes that are separators: by its lower half, a byte could be but one of them. */
// prettier-ignore
@inline function separators(bytes: v128): v128 {
  const byLowerHalf = i8x16(0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0x2c, 0x0d, 0, 0);
  return i8x16.eq(i8x16.swizzle(byLowerHalf, v128.and(bytes, i8x16.splat(0x0f))), bytes);
}

// prettier-ignore
@inline function digits(bytes: v128): v128 {
  return i8x16.le_u(i8x16.sub(bytes, i8x16.splat(<i8>ZERO)), i8x16.splat(9));
}

/** The number whose digits end before `end`; above 2^32 - 1 it saturates. */
// prettier-ignore
@inline function numberBefore(start: usize, end: usize): u32 {
  const length = <i32>(end - start);
  if (length > 8) return longNumber(start, end);
  return <u32>eightDigits(load<u64>(start) << <u64>((8 - length) << 3));
}

/**
 * Eight digits at once; zeros may be zero bytes. After D. Lemire, "Number parsing at a gigabyte per second", Software:
 * Practice and Experience 51(8), 2021, section 4.
 */
// prettier-ignore
@inline function eightDigits(text: u64): u64 {
  let x = text & 0x0f0f0f0f0f0f0f0f;
  x = (x * 2561) >> 8;
  x = ((x & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return ((x & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

function longNumber(start: usize, end: usize): u32 {
  let value: u64 = 0;
  for (let at = start; at < end; at++) {
    value = value * 10 + <u64>(load<u8>(at) - ZERO);
    if (value > 0xffffffff) return 0xffffffff;
  }
  return <u32>value;
}

/**
 * Writes the integers between `at` and `end` to `out` as u32, until `outEnd`. 64 bytes at once while there is nothing but
 * digits and separators: a bit for each separator, and from bit to bit without a branch that depends on the text. After
 * G. Langdale and D. Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28(6), 2019, sections 3.1 and 3.2.
 */
export function integers(at: usize, end: usize, out: usize, outEnd: usize): i32 {
  const first = out;
  let start = at;
  while (at + 64 <= end && out + 4 * 64 <= outEnd) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const isA = separators(a);
    const isB = separators(b);
    const isC = separators(c);
    const isD = separators(d);
    const known = v128.and(
      v128.and(v128.or(isA, digits(a)), v128.or(isB, digits(b))),
      v128.and(v128.or(isC, digits(c)), v128.or(isD, digits(d))),
    );
    if (!i8x16.all_true(known)) break; // byte by byte from here
    let ends =
      <u64>i8x16.bitmask(isA) |
      (<u64>i8x16.bitmask(isB) << 16) |
      (<u64>i8x16.bitmask(isC) << 32) |
      (<u64>i8x16.bitmask(isD) << 48);
    while (ends != 0) {
      const stop = at + <usize>ctz(ends);
      // Between two separators stands nothing: what is written there is written over.
      store<u32>(out, numberBefore(start, stop));
      out += <usize>(stop != start) << 2;
      start = stop + 1;
      ends &= ends - 1;
    }
    at += 64;
  }
  for (; at < end; at++) {
    const byte = <i32>load<u8>(at);
    if (<u32>(byte - ZERO) <= 9) continue;
    if (at != start) {
      if (out == outEnd) {
        stoppedAt = start;
        written = <u32>((out - first) >> 2);
        return FULL;
      }
      store<u32>(out, numberBefore(start, at));
      out += 4;
    }
    start = at;
    if (!isSeparator(byte)) {
      stoppedAt = at;
      written = <u32>((out - first) >> 2);
      return OTHER;
    }
    start = at + 1;
  }
  stoppedAt = start;
  written = <u32>((out - first) >> 2);
  return END;
}

/** The largest index into the strings among the names of the rows taken since it was set to 0. */
export let largestName: u32 = 0;
/** Edges of the nodes taken so far. */
export let edgeSum: u64 = 0;

/** Starts another section. */
export function reset(): void {
  largestName = 0;
  edgeSum = 0;
}

/**
 * Splits rows of nodes into columns: type (u8), name, id, self size and the running sum of edges (u32). Returns the
 * first row whose type is not below `typeCount`, or `rows`.
 */
export function nodes(
  from: usize,
  rows: u32,
  width: u32,
  typeAt: u32,
  nameAt: u32,
  idAt: u32,
  sizeAt: u32,
  edgesAt: u32,
  typeCount: u32,
  types: usize,
  names: usize,
  ids: usize,
  sizes: usize,
  sums: usize,
): u32 {
  let largest = largestName;
  let sum = edgeSum;
  const stride = <usize>width << 2;
  for (let row: u32 = 0; row < rows; row++) {
    const type = load<u32>(from + (<usize>typeAt << 2));
    if (type >= typeCount) return row;
    const name = load<u32>(from + (<usize>nameAt << 2));
    if (name > largest) largest = name;
    sum += <u64>load<u32>(from + (<usize>edgesAt << 2));
    const at = <usize>row << 2;
    store<u8>(types + row, <u8>type);
    store<u32>(names + at, name);
    store<u32>(ids + at, load<u32>(from + (<usize>idAt << 2)));
    store<u32>(sizes + at, load<u32>(from + (<usize>sizeAt << 2)));
    store<u32>(sums + at, <u32>sum);
    from += stride;
  }
  largestName = largest;
  edgeSum = sum;
  return rows;
}

/**
 * Splits rows of edges into columns: type (u8), name and target node (u32). `named` has a bit for each type whose name
 * is an index into the strings. Returns the first row of an unknown type or that leads to no node, or `rows`.
 */
export function edges(
  from: usize,
  rows: u32,
  width: u32,
  typeAt: u32,
  nameAt: u32,
  toAt: u32,
  typeCount: u32,
  named: u64,
  nodeFields: u32,
  nodeCount: u32,
  types: usize,
  names: usize,
  targets: usize,
): u32 {
  let largest = largestName;
  const stride = <usize>width << 2;
  // ceil(2^32 / fields): the product's upper half is the quotient of every multiple below 2^32, without a division.
  const inverse = (0x100000000 + <u64>nodeFields - 1) / <u64>nodeFields;
  for (let row: u32 = 0; row < rows; row++) {
    const type = load<u32>(from + (<usize>typeAt << 2));
    const offset = load<u32>(from + (<usize>toAt << 2));
    const to = <u32>((<u64>offset * inverse) >> 32);
    if (type >= typeCount || to >= nodeCount || to * nodeFields != offset) return row;
    const name = load<u32>(from + (<usize>nameAt << 2));
    if (name > largest && ((named >> <u64>type) & 1) != 0) largest = name;
    store<u8>(types + row, <u8>type);
    store<u32>(names + (<usize>row << 2), name);
    store<u32>(targets + (<usize>row << 2), to);
    from += stride;
  }
  largestName = largest;
  return rows;
}
