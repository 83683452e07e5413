/**
 * A board in shared memory on which the agents of worker threads write what the one in the main thread needs: what
 * their heaps hold (RSS holds them all), and their metrics for Prometheus, which scrapes a process and not a thread.
 *
 * Shared memory, because it is bounded by its making and touches no event loop. (A BroadcastChannel makes Node 22 and
 * later load all of undici, for its MessageEvent.) One slot a thread; a slot that has not been written for long is of a
 * thread that is gone, and free again. A slot's sequence is odd while it is being written, so that a reader sees when
 * it has read half of the old and half of the new.
 */

/** What a worker thread's agent tells now and then. */
export interface ThreadReport {
  threadId: number;
  /** Of its heap and its external memory, as far as they are in RAM. */
  knownBytes: number;
  /** Whatever text it wants to hand on; empty where it did not fit. */
  text: string;
}

const slots = 32;
/** threadId, sequence, length of the text. */
const intsPerSlot = 4;
/** knownBytes, when it was written. */
const doublesPerSlot = 2;
const intsBytes = slots * intsPerSlot * 4;
const doublesBytes = slots * doublesPerSlot * 8;
const readTries = 3;

/** Memory for a new board; `textBytes` of it a thread. (`prepare.cts` makes the process's own, which is as large.) */
export function boardMemory(textBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(intsBytes + doublesBytes + slots * textBytes);
}

export class ThreadBoard {
  readonly #ints: Int32Array;
  readonly #doubles: Float64Array;
  readonly #text: Uint8Array;
  readonly #textBytes: number;
  readonly #forgetAfterMs: number;

  /**
   * @param memory made by {@link boardMemory}, the same in all threads
   * @param forgetAfterMs a thread that has not written for so long is gone
   */
  constructor(memory: SharedArrayBuffer, forgetAfterMs: number) {
    this.#ints = new Int32Array(memory, 0, slots * intsPerSlot);
    this.#doubles = new Float64Array(memory, intsBytes, slots * doublesPerSlot);
    this.#text = new Uint8Array(memory, intsBytes + doublesBytes);
    this.#textBytes = this.#text.length / slots;
    this.#forgetAfterMs = forgetAfterMs;
  }

  /** Writes this thread's report; false where the board is full. */
  write({ threadId, knownBytes, text }: ThreadReport, nowMs: number): boolean {
    const slot = this.#claim(threadId);
    if (slot === undefined) return false;
    const ints = slot * intsPerSlot;
    const bytes = Buffer.from(text);
    Atomics.add(this.#ints, ints + 1, 1);
    this.#doubles[slot * doublesPerSlot] = knownBytes;
    this.#doubles[slot * doublesPerSlot + 1] = nowMs;
    const fits = bytes.length <= this.#textBytes;
    if (fits) this.#text.set(bytes, slot * this.#textBytes);
    this.#ints[ints + 2] = fits ? bytes.length : 0;
    Atomics.add(this.#ints, ints + 1, 1);
    return true;
  }

  /** Reads the reports of all threads that have written lately, and frees the slots of the others. */
  read(nowMs: number): ThreadReport[] {
    const reports: ThreadReport[] = [];
    for (let slot = 0; slot < slots; slot++) {
      const threadId = Atomics.load(this.#ints, slot * intsPerSlot);
      if (threadId === 0) continue;
      const writtenMs = this.#doubles[slot * doublesPerSlot + 1] ?? 0;
      if (nowMs - writtenMs > this.#forgetAfterMs && writtenMs > 0) {
        Atomics.compareExchange(this.#ints, slot * intsPerSlot, threadId, 0);
        continue;
      }
      const report = this.#readSlot(slot, threadId);
      if (report !== undefined) reports.push(report);
    }
    return reports;
  }

  #readSlot(slot: number, threadId: number): ThreadReport | undefined {
    const ints = slot * intsPerSlot;
    for (let i = 0; i < readTries; i++) {
      const sequence = Atomics.load(this.#ints, ints + 1);
      const knownBytes = this.#doubles[slot * doublesPerSlot] ?? 0;
      const start = slot * this.#textBytes;
      const length = this.#ints[ints + 2] ?? 0;
      // A copy: decoding reads shared memory more than once.
      const bytes = Buffer.from(this.#text.slice(start, start + Math.min(length, this.#textBytes)));
      if (sequence % 2 === 0 && Atomics.load(this.#ints, ints + 1) === sequence) {
        return { threadId, knownBytes, text: bytes.toString() };
      }
    }
    return undefined;
  }

  #claim(threadId: number): number | undefined {
    for (let slot = 0; slot < slots; slot++) {
      if (Atomics.load(this.#ints, slot * intsPerSlot) === threadId) return slot;
    }
    for (let slot = 0; slot < slots; slot++) {
      if (Atomics.compareExchange(this.#ints, slot * intsPerSlot, 0, threadId) === 0) {
        // Fresh, until it is written: not of a thread that is gone.
        this.#doubles[slot * doublesPerSlot + 1] = 0;
        return slot;
      }
    }
    return undefined;
  }
}
