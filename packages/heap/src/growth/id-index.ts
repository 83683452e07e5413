/** From V8's object ids to whatever number a caller keeps for each: open addressing, twelve bytes an entry at most. */
export class IdIndex {
  readonly #keys: Uint32Array;
  readonly #values: Uint32Array;
  readonly #mask: number;

  /** Room for `count` ids; id 0 is never used by V8 and stands for an empty slot here. */
  constructor(count: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, count * 1.5)));
    this.#keys = new Uint32Array(slots);
    this.#values = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  set(id: number, value: number): void {
    let slot = this.#slotOf(id);
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== id) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = id;
    this.#values[slot] = value;
  }

  /** The number kept for an id, or -1. */
  get(id: number): number {
    let slot = this.#slotOf(id);
    while (this.#keys[slot] !== 0) {
      if (this.#keys[slot] === id) return this.#values[slot];
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  #slotOf(id: number): number {
    return (Math.imul(id, 0x9e3779b1) >>> 7) & this.#mask;
  }
}
