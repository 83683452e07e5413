import { type DominatorTree, NO_NODE } from './dominators.ts';

/** The dominator tree from the top down: what each node dominates directly. Made once, O(nodes), eight bytes a node. */
export class Dominated {
  readonly #first: Uint32Array;
  readonly #children: Uint32Array;

  constructor({ idom, order }: DominatorTree) {
    this.#first = new Uint32Array(idom.length + 1);
    this.#children = new Uint32Array(order.length);
    for (const node of order) if (idom[node] !== NO_NODE) this.#first[idom[node]]++;
    // Counts become ends; filling backwards turns ends into starts.
    for (let node = 0, sum = 0; node < this.#first.length; node++) {
      sum += this.#first[node];
      this.#first[node] = sum;
    }
    for (let at = order.length - 1; at >= 0; at--) {
      const node = order[at];
      if (idom[node] !== NO_NODE) this.#children[--this.#first[idom[node]]] = node;
    }
  }

  /** `tops` and all that they dominate, nearest first, as far as `enter` lets it; `limit` nodes at most. */
  below(tops: readonly number[], enter: (node: number) => boolean, limit: number): number[] {
    const found = tops.filter(enter).slice(0, limit);
    for (let at = 0; at < found.length && found.length < limit; at++) {
      const node = found[at];
      for (let child = this.#first[node]; child < this.#first[node + 1] && found.length < limit; child++) {
        if (enter(this.#children[child])) found.push(this.#children[child]);
      }
    }
    return found;
  }
}
