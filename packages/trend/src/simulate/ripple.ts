import type { Random } from './random.ts';

/**
 * Noise that remembers: an autoregressive process of order one, for any distance between two values. Its autocorrelation
 * over `memoryS` is 1/e, so that with a value a minute and `memoryS` 570, that from one to the next is 0.9.
 */
export function ripple(random: Random, deviation: number, memoryS: number): (elapsedS: number) => number {
  let value = deviation * random.normal();
  return (elapsedS) => {
    const kept = Math.exp(-elapsedS / memoryS);
    value = kept * value + Math.sqrt(1 - kept ** 2) * deviation * random.normal();
    return value;
  };
}

/** The `memoryS` with which neighbouring values, `everyS` apart, have this autocorrelation. */
export function memoryFor(autocorrelation: number, everyS: number): number {
  return -everyS / Math.log(autocorrelation);
}
