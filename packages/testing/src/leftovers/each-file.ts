import { AsyncResource } from 'node:async_hooks';
import { leftoversText, type Leftover } from './leftover.ts';
import { Stocktaking, type StocktakingOptions } from './stocktaking.ts';

/** Hooks of a runner that calls last what a setup file has registered first, as vitest does. */
export interface NestedHooks {
  beforeAll: (run: () => void) => void;
  afterAll: (run: () => Promise<void>) => void;
}

/** Hooks of a runner that calls them in the order in which they are registered: `node:test`, mocha. */
export interface HooksInOrder {
  before: (run: () => void) => void;
  beforeEach: (run: () => void) => void;
  after: (run: () => Promise<void>) => void;
}

/**
 * Fails a test file that leaves timers, handles, listeners of `process` or globals behind. To be called before the test
 * file registers hooks of its own (in a setup file): what these close is not left behind. With `moduleState` also one
 * whose modules keep a dozen objects more than at its beginning.
 */
export function failOnLeftovers(hooks: NestedHooks | HooksInOrder, options: StocktakingOptions = {}): void {
  let stock: Stocktaking | undefined;
  const begin = (): void => {
    stock = new Stocktaking(options);
  };
  const end = async (): Promise<void> => {
    const error = leftoversError((await stock?.end()) ?? []);
    if (error !== null) throw error;
  };
  if ('beforeAll' in hooks) {
    hooks.beforeAll(begin);
    hooks.afterAll(end);
    return;
  }
  hooks.before(begin);
  // When tests begin, the file has registered its own hooks: the last one is registered after them. `node:test` tells by
  // the asynchronous context to whose end a hook belongs; here it is the file's, not the first test's.
  const file = new AsyncResource('EbbLeftovers');
  let isLast = false;
  hooks.beforeEach(() => {
    if (isLast) return;
    isLast = true;
    file.runInAsyncScope(() => {
      hooks.after(end);
    });
  });
}

/** What a person reads of what was left; null where that is nothing. */
export function leftoversError(left: readonly Leftover[]): Error | null {
  return left.length === 0 ? null : new Error(`this file leaves behind what it made:\n${leftoversText(left)}`);
}
