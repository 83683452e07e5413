/**
 * From V8's object ids to whatever number a caller keeps for each: open addressing, twelve bytes an entry.
 *
 * V8 counts ids up in steps of two. Multiplying by 2^32 over the golden ratio spreads such a sequence evenly, and the
 * product's high bits choose the slot: of any number of slots, so that none are wasted on a power of two.
 */
export class IdIndex {
  readonly #keys: Uint32Array;
  readonly #values: Uint32Array;
  readonly #slots: number;

  /** Room for `count` different ids; V8 never uses id 0, which stands for an empty slot here. */
  constructor(count: number) {
    this.#slots = Math.max(16, Math.ceil(count * 1.5));
    this.#keys = new Uint32Array(this.#slots);
    this.#values = new Uint32Array(this.#slots);
  }

  /** Keeps `value` for `id`, instead of what was kept for it before. Id 0 is passed over. */
  set(id: number, value: number): void {
    if (id === 0) return;
    const slot = this.#find(id);
    this.#keys[slot] = id;
    this.#values[slot] = value;
  }

  /** The number kept for an id, or -1. */
  get(id: number): number {
    const slot = this.#find(id);
    return this.#keys[slot] === 0 ? -1 : this.#values[slot];
  }

  /** The slot that holds `id`, or the empty one where it would stand. */
  #find(id: number): number {
    const keys = this.#keys;
    let slot = Math.floor(((Math.imul(id, 0x9e3779b1) >>> 0) / 2 ** 32) * this.#slots);
    while (keys[slot] !== 0 && keys[slot] !== id) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }
}
