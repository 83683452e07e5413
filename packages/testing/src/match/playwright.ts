/** The suite-wide mode for Playwright's runner: a fixture of each worker, which is torn down after all other ones. */
import { leftoversError } from '../leftovers/each-file.ts';
import { Stocktaking, type StocktakingOptions } from '../leftovers/stocktaking.ts';

/** What `base.extend` takes. */
export interface LeftoversFixture {
  ebbLeftovers: [
    (fixtures: object, use: (value: undefined) => Promise<void>) => Promise<void>,
    { scope: 'worker'; auto: true },
  ];
}

/**
 * `base.extend(leftoversOfWorkers())`: a worker whose test files leave timers, handles, listeners of `process` or globals
 * behind fails at its end; with `moduleState` also one whose modules keep a dozen objects more.
 */
export function leftoversOfWorkers(options: StocktakingOptions = {}): LeftoversFixture {
  return {
    ebbLeftovers: [
      // Playwright reads from the pattern which fixtures are asked for.
      // eslint-disable-next-line no-empty-pattern
      async ({}, use) => {
        const stock = new Stocktaking(options);
        await use(undefined);
        const error = leftoversError(await stock.end());
        if (error !== null) throw error;
      },
      { scope: 'worker', auto: true },
    ],
  };
}
