import { leftoversText } from './leftover.ts';
import { Stocktaking, type StocktakingOptions } from './stocktaking.ts';

/** The hooks of a test runner, as jest, vitest and mocha (`before`, `after`) have them. */
export interface FileHooks {
  beforeAll: (run: () => void) => void;
  afterAll: (run: () => Promise<void>) => void;
}

/**
 * Fails a test file that leaves timers, handles, listeners of `process` or globals behind. To be called in a setup file,
 * so that its last hook runs after those of the test file. With `moduleState` also one whose modules keep a dozen objects
 * more than at its beginning.
 */
export function failOnLeftovers({ beforeAll, afterAll }: FileHooks, options: StocktakingOptions = {}): void {
  let stock: Stocktaking | undefined;
  beforeAll(() => {
    stock = new Stocktaking(options);
  });
  afterAll(async () => {
    const left = await stock?.end();
    if (left === undefined || left.length === 0) return;
    throw new Error(`this file leaves behind what it made:\n${leftoversText(left)}`);
  });
}
