import type { HeapGraph } from './heap-graph.ts';

/**
 * Finds a node's row in `locations`. Few nodes have one: a bit each, and how many have one before every 32 nodes, take
 * a sixteenth of an index by node. (Rank on bit vectors: G. Jacobson, "Space-efficient static trees and graphs", 1989.)
 */
export class LocationRows {
  readonly #hasRow: Uint32Array;
  readonly #rankBefore: Uint32Array;
  readonly #rows: Uint32Array;

  /** O(nodes / 32 + rows). */
  constructor({ nodeCount, locations }: Pick<HeapGraph, 'nodeCount' | 'locations'>) {
    const words = (nodeCount + 31) >>> 5;
    this.#hasRow = new Uint32Array(words);
    this.#rankBefore = new Uint32Array(words);
    for (let row = 0; row < locations.length; row += 4)
      this.#hasRow[locations[row] >>> 5] |= 1 << (locations[row] & 31);
    let rank = 0;
    for (let word = 0; word < words; word++) {
      this.#rankBefore[word] = rank;
      rank += bitCount(this.#hasRow[word]);
    }
    this.#rows = new Uint32Array(rank);
    for (let row = 0; row < locations.length; row += 4) this.#rows[this.#rankOf(locations[row])] = row;
  }

  /** Where the node's row begins, of several the last; -1 where it has none. O(1). */
  rowOf(node: number): number {
    return (this.#hasRow[node >>> 5] & (1 << (node & 31))) === 0 ? -1 : this.#rows[this.#rankOf(node)];
  }

  #rankOf(node: number): number {
    const below = this.#hasRow[node >>> 5] & ((1 << (node & 31)) - 1);
    return this.#rankBefore[node >>> 5] + bitCount(below);
  }
}

/** Bits that are set (H. Warren, "Hacker's Delight", figure 5-2). */
function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
