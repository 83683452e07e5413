/** Random numbers that are the same on every run and machine. */
export interface Random {
  /** Even in [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  /** Mean 0, deviation 1. */
  normal(): number;
}

/** mulberry32: 32 bits of state, enough for simulations and nothing else. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
