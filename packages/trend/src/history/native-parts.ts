/** What memory outside heap and buffers consists of, in bytes; NaN for what is not told. */
export interface NativeParts {
  /** What malloc holds: its main heap and its arenas, as far as they are in RAM. */
  mallocBytes: number;
  /** What is in use of that. */
  mallocInUseBytes: number;
  /** What V8 holds for its heap beyond what is in use. */
  heapUnusedBytes: number;
  /** Files and stacks: code, libraries, threads. */
  mappedBytes: number;
}

const KINDS: readonly (keyof NativeParts)[] = ['mallocBytes', 'mallocInUseBytes', 'heapUnusedBytes', 'mappedBytes'];
const KEPT = 6;
const WIDTH = 1 + KINDS.length;
const COUNT = KEPT * WIDTH;
const EVERY = COUNT + 1;
const NOW = COUNT + 2;

/**
 * The parts of native memory over time, in constant memory: at most six moments of the past, about evenly spread, and now.
 * When there are six, every second one is given up, and from then on they are taken half as often.
 */
export class NativePartsHistory {
  readonly #everyS: number;
  readonly #state: Float64Array;

  /** With `state` (of `NativePartsHistory.size` numbers, 0 at first) it goes on where that state was left. */
  constructor(everyS: number, state: Float64Array = new Float64Array(NativePartsHistory.size)) {
    this.#everyS = everyS;
    this.#state = state;
  }

  static readonly size: number = NOW + WIDTH;

  clear(): void {
    this.#state.fill(0);
  }

  /** Times must rise. What is not told now is taken to be as it was told last. */
  add(timeS: number, parts: NativeParts): void {
    const state = this.#state;
    state[NOW] = timeS;
    const isFirst = state[COUNT] === 0;
    for (let at = 0; at < KINDS.length; at++) {
      const value = parts[KINDS[at]];
      if (isFirst || !Number.isNaN(value)) state[NOW + 1 + at] = value;
    }
    const everyS = this.#everyS * 2 ** state[EVERY];
    if (state[COUNT] > 0 && timeS < state[(state[COUNT] - 1) * WIDTH] + everyS) return;
    if (state[COUNT] === KEPT) {
      for (let row = 1; row < KEPT / 2; row++) state.copyWithin(row * WIDTH, 2 * row * WIDTH, (2 * row + 1) * WIDTH);
      state[COUNT] = KEPT / 2;
      state[EVERY]++;
    }
    state.copyWithin(state[COUNT]++ * WIDTH, NOW, NOW + WIDTH);
  }

  /** How much each part has risen by since a time (or since the first moment that is kept after it); null with fewer than two moments. */
  riseSince(timeS: number): { sinceS: number; parts: NativeParts } | null {
    const state = this.#state;
    let row = 0;
    // Of the moments before that time the latest will do best; where there is none, the first after it.
    while (row + 1 < state[COUNT] && state[(row + 1) * WIDTH] <= timeS) row++;
    const at = row * WIDTH;
    if (state[COUNT] === 0 || state[at] >= state[NOW]) return null;
    const risen = KINDS.map((kind, nth) => [kind, state[NOW + 1 + nth] - state[at + 1 + nth]] as const);
    return { sinceS: state[at], parts: Object.fromEntries(risen) as unknown as NativeParts };
  }
}
