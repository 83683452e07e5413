import type { StringSink } from './json-scanner.ts';
import { StringTable } from './string-table.ts';

/** Segments no longer than this: an array of more than 4 GB is none on Node 20. */
const MOST_SEGMENT_BYTES = 1 << 30;
/** Where nobody knows how much will come. */
const SEGMENT_BYTES = 1 << 20;
const LEAST_SEGMENT_BYTES = 1024;

/** Gathers the bytes of all strings while they are scanned, in as few pieces as can be. */
export class StringCollector implements StringSink {
  readonly #segmentBytes: number;
  readonly #segments: Uint8Array[];
  /** The last of the segments, and how much of it is used. */
  #last: Uint8Array;
  #used = 0;
  /** Doubles only once a start needs one. */
  #starts: Uint32Array | Float64Array = new Uint32Array(1 << 12);
  #count = 0;
  readonly #onSegment: ((bytes: number) => void) | undefined;

  /**
   * `expectedBytes`: what is left of a file is an upper bound, and nearly what is needed. `onSegment` is told before
   * more memory is taken, and may throw.
   */
  constructor(expectedBytes: number | undefined, onSegment?: (bytes: number) => void) {
    const bytes = expectedBytes === undefined ? SEGMENT_BYTES : Math.max(LEAST_SEGMENT_BYTES, expectedBytes);
    this.#segmentBytes = Math.min(bytes, MOST_SEGMENT_BYTES);
    this.#onSegment = onSegment;
    this.#segments = [];
    this.#last = this.#addSegment();
  }

  #addSegment(): Uint8Array {
    this.#onSegment?.(this.#segmentBytes);
    this.#last = new Uint8Array(this.#segmentBytes);
    this.#segments.push(this.#last);
    this.#used = 0;
    return this.#last;
  }

  /** How many strings there are so far. */
  get count(): number {
    return this.#count;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#used + length > this.#segmentBytes) {
      this.#appendAcross(bytes, start, end);
      return;
    }
    // A view costs more than a short copy, and most strings are short.
    const last = this.#last;
    if (length > 64) last.set(bytes.subarray(start, end), this.#used);
    else for (let at = start, to = this.#used; at < end; at++, to++) last[to] = bytes[at];
    this.#used += length;
  }

  #appendAcross(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      if (this.#used === this.#segmentBytes) this.#addSegment();
      const length = Math.min(end - at, this.#segmentBytes - this.#used);
      this.#last.set(bytes.subarray(at, at + length), this.#used);
      this.#used += length;
      at += length;
    }
  }

  finishString(): void {
    this.#count++;
    const end = (this.#segments.length - 1) * this.#segmentBytes + this.#used;
    if (this.#count === this.#starts.length) this.#growStarts(this.#starts.length * 2);
    if (end > 0xffffffff && this.#starts instanceof Uint32Array) this.#growStarts(this.#starts.length, true);
    this.#starts[this.#count] = end;
  }

  #growStarts(length: number, isPast4GB: boolean = this.#starts instanceof Float64Array): void {
    this.#onSegment?.(length * (isPast4GB ? 8 : 4));
    const larger = isPast4GB ? new Float64Array(length) : new Uint32Array(length);
    larger.set(this.#starts);
    this.#starts = larger;
  }

  /** The strings so far; where the file is cut off, `needed` are referred to, and what there is not of these is lost. */
  finish(needed: number = 0): StringTable {
    const [segments, segmentBytes, starts, length] = [this.#segments, this.#segmentBytes, this.#starts, this.#count];
    return new StringTable({ segments, segmentBytes, starts, length }, Math.max(0, needed - length));
  }
}
