/**
 * A pipe between two threads: a ring of shared memory that one of them writes and the other reads, each waiting for the
 * other where it must. So the reader can be synchronous code while the writer runs on an event loop.
 */

const HEAD_BYTES = 64;
/** A power of two, so that positions may wrap around at 2^32. */
const RING_BYTES = 4 << 20;

/** Words at the head of the memory. Positions count bytes since the start, modulo 2^32. */
const SIGNAL = 0; // counted up at every change, to wait on
const STATE = 1;
const WRITTEN = 2;
const TAKEN = 3;
const KIND = 4;
/** A double, behind the words. */
const PROGRESS_AT = 32;

const OPENED = 1;
const ENDED = 2;
const FAILED = 3;

/** Waits end after this, so that a wake-up that went lost costs a moment and no more. */
const LONGEST_WAIT_MS = 1000;

/** Makes the memory for one ring. */
export function ringMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + RING_BYTES);
}

class Ring {
  protected readonly words: Int32Array;
  protected readonly progress: Float64Array;
  protected readonly bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, PROGRESS_AT / 4);
    this.progress = new Float64Array(memory, PROGRESS_AT, 1);
    this.bytes = new Uint8Array(memory, HEAD_BYTES);
  }

  /** Bytes that wait to be taken. */
  protected waiting(): number {
    return (Atomics.load(this.words, WRITTEN) - Atomics.load(this.words, TAKEN)) | 0;
  }

  protected signal(): void {
    Atomics.add(this.words, SIGNAL, 1);
    Atomics.notify(this.words, SIGNAL);
  }

  protected wait(seen: number): void {
    Atomics.wait(this.words, SIGNAL, seen, LONGEST_WAIT_MS);
  }
}

/** The writer's end. */
export class RingWriter extends Ring {
  /** Tells the reader that there is a writer. */
  open(): void {
    Atomics.store(this.words, STATE, OPENED);
    this.signal();
  }

  /** Says what sort of input it is, before the first byte. */
  tellKind(kind: number): void {
    Atomics.store(this.words, KIND, kind);
  }

  /** Puts all of it into the ring; waits, with its thread, while that is full. */
  write(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length;) {
      const seen = Atomics.load(this.words, SIGNAL);
      const room = RING_BYTES - this.waiting();
      if (room === 0) {
        this.wait(seen);
        continue;
      }
      const at = Atomics.load(this.words, WRITTEN) & (RING_BYTES - 1);
      const length = Math.min(room, chunk.length - from, RING_BYTES - at);
      this.bytes.set(chunk.subarray(from, from + length), at);
      Atomics.add(this.words, WRITTEN, length);
      this.signal();
      from += length;
    }
  }

  /** Says how much of the input was taken. */
  tellProgress(inputBytes: number): void {
    this.progress[0] = inputBytes;
  }

  /** No more will come: because that was all, or because of an error that the reader learns in another way. */
  end(how: 'ended' | 'failed'): void {
    Atomics.compareExchange(this.words, STATE, OPENED, how === 'ended' ? ENDED : FAILED);
    this.signal();
  }
}

/** The reader's end. */
export class RingReader extends Ring {
  /** Takes up to `into.length` bytes, at least one; waits for it. 'ended', 'failed' or, after a second, 'absent' otherwise. */
  read(into: Uint8Array): number | 'ended' | 'failed' | 'absent' {
    for (;;) {
      const seen = Atomics.load(this.words, SIGNAL);
      const state = Atomics.load(this.words, STATE); // before the bytes: what was written before the end is not missed
      const waiting = this.waiting();
      if (waiting > 0) return this.#take(into, waiting);
      if (state === ENDED) return 'ended';
      if (state === FAILED) return 'failed';
      this.wait(seen);
      if (Atomics.load(this.words, STATE) === 0) return 'absent';
    }
  }

  #take(into: Uint8Array, waiting: number): number {
    const length = Math.min(waiting, into.length);
    const at = Atomics.load(this.words, TAKEN) & (RING_BYTES - 1);
    const first = Math.min(length, RING_BYTES - at);
    into.set(this.bytes.subarray(at, at + first));
    if (first < length) into.set(this.bytes.subarray(0, length - first), first);
    Atomics.add(this.words, TAKEN, length);
    this.signal();
    return length;
  }

  /** What the writer said the input is; 0 until it did. */
  get kind(): number {
    return Atomics.load(this.words, KIND);
  }

  /** How much of the input the writer took. */
  get inputBytes(): number {
    return this.progress[0];
  }
}
