/**
 * How many distinct clients there were, in constant memory: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 1024
 * registers of a byte; standard error 3.3 %. Sketches of several processes and times, made with one key, are merged by
 * whoever receives them. An address is hashed with a secret key and leaves a register's number and the length of a run of
 * zeros behind, nothing else.
 *
 * Text: `d` and a letter for each register, or, where few are set, `s` and three letters for each of these: its number, and
 * its value. Letters are base64url's. `packages/server/src/impact/sketch.ts` reads it.
 */
import type { HashWords } from './keyed-hash.ts';

const registers = 1024;
const rankBits = 6;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** What a sketch keeps of a client, in one number: a register, and a rank of 1 to 33. Never 0. */
export function observationOf(words: HashWords): number {
  const [low, high] = [words[0] ?? 0, words[1] ?? 0];
  return ((low >>> 22) << rankBits) | (Math.clz32(high) + 1);
}

/** A sketch. */
export class ClientSketch {
  readonly #registers = new Uint8Array(registers);

  /** Whether nobody was seen. */
  isEmpty = true;

  /** Takes in a client, as {@link observationOf} made it. */
  add(observation: number): void {
    const index = observation >>> rankBits;
    const rank = observation & ((1 << rankBits) - 1);
    if (rank > (this.#registers[index] ?? 0)) this.#registers[index] = rank;
    this.isEmpty = false;
  }

  /** About how many clients were seen. */
  get estimate(): number {
    let sum = 0;
    let unset = 0;
    for (const rank of this.#registers) {
      sum += 2 ** -rank;
      if (rank === 0) unset += 1;
    }
    const raw = ((0.7213 / (1 + 1.079 / registers)) * registers ** 2) / sum;
    return Math.round(raw <= 2.5 * registers && unset > 0 ? registers * Math.log(registers / unset) : raw);
  }

  /** The sketch as text, at most 1025 characters. */
  toText(): string {
    let sparse = 's';
    let dense = 'd';
    this.#registers.forEach((rank, index) => {
      dense += letters.charAt(rank);
      if (rank > 0) sparse += letters.charAt(index >> 6) + letters.charAt(index & 63) + letters.charAt(rank);
    });
    return sparse.length < dense.length ? sparse : dense;
  }

  /** Forgets everybody. */
  clear(): void {
    this.#registers.fill(0);
    this.isEmpty = true;
  }
}
