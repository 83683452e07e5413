/**
 * HalfSipHash-2-4 with 64 bits of result (Aumasson, Bernstein: "SipHash: a fast short-input PRF", and the reference code's
 * half version): a keyed hash that is made for short texts and for machines, and languages, with words of 32 bits. Without
 * the key nobody can tell whose hash it is. (`node:crypto` would cost 5 ms and 2 MB, and a microsecond a call.)
 */

/** A key of 64 bits. */
export type HashKey = readonly [low: number, high: number];

/** The result in two words: the same array each time, to be read at once. */
export type HashWords = Readonly<Int32Array>;

/** A function that hashes the characters from `start` to `end`, by the lower eight bits of each, with one key. */
export function keyedHash([k0, k1]: HashKey): (text: string, start: number, end: number) => HashWords {
  // Not variables of the closure: those are boxed when they outgrow 31 bits.
  const state = new Int32Array(4);
  const result = new Int32Array(2);
  return (text, start, end) => {
    state[0] = k0;
    state[1] = k1 ^ 0xee;
    state[2] = 0x6c796765 ^ k0;
    state[3] = 0x74656462 ^ k1;
    const length = end - start;
    const whole = start + (length & ~3);
    for (let at = start; at < whole; at += 4) {
      take(
        state,
        (text.charCodeAt(at) & 0xff) |
          ((text.charCodeAt(at + 1) & 0xff) << 8) |
          ((text.charCodeAt(at + 2) & 0xff) << 16) |
          (text.charCodeAt(at + 3) << 24),
      );
    }
    let last = length << 24;
    for (let at = whole; at < end; at++) last |= (text.charCodeAt(at) & 0xff) << (8 * (at - whole));
    take(state, last);
    state[2] ^= 0xee;
    rounds(state, 4);
    result[0] = state[1] ^ state[3];
    state[1] ^= 0xdd;
    rounds(state, 4);
    result[1] = state[1] ^ state[3];
    return result;
  };
}

/** A key made of a text that is a secret; the same text makes the same key everywhere. */
export function keyOf(secret: string): HashKey {
  const bytes = Buffer.from(secret).toString('latin1');
  const [low = 0, high = 0] = keyedHash([0x65626221, 0x736b6574])(bytes, 0, bytes.length);
  return [low, high];
}

function take(state: Int32Array, word: number): void {
  state[3] = (state[3] ?? 0) ^ word;
  rounds(state, 2);
  state[0] = (state[0] ?? 0) ^ word;
}

function rounds(state: Int32Array, count: number): void {
  let v0 = state[0] ?? 0;
  let v1 = state[1] ?? 0;
  let v2 = state[2] ?? 0;
  let v3 = state[3] ?? 0;
  for (let round = 0; round < count; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  state[0] = v0;
  state[1] = v1;
  state[2] = v2;
  state[3] = v3;
}
