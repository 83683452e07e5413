/**
 * The suite-wide mode for jest: jest calls hooks in the order in which they are registered, so that one of a setup file
 * would come before those in which a test file tidies up. An environment hears of the end of all.
 */
import { leftoversError } from '../leftovers/each-file.ts';
import { Stocktaking, type StocktakingOptions } from '../leftovers/stocktaking.ts';

/** As much of an environment of jest's as is needed here. */
export interface JestEnvironment {
  global: object;
  handleTestEvent?(event: { readonly name: string }, state: JestState): Promise<void> | void;
}

/** What jest-circus shows to environments of the file that runs. */
export interface JestState {
  unhandledErrors: unknown[];
}

/** A class of environments: `TestEnvironment` of jest-environment-node, or of jest-environment-jsdom. */
export type JestEnvironmentClass = new (...given: never[]) => JestEnvironment;

/**
 * An environment as the given one, in which a test file fails that leaves timers, handles, listeners of `process` or
 * globals behind when all of its hooks have run; with `moduleState` also one whose modules keep a dozen objects more.
 */
export function withLeftovers<Environment extends JestEnvironmentClass>(
  TestEnvironment: Environment,
  options: StocktakingOptions = {},
): Environment {
  // A class that extends a parameter takes what its constructor takes.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const Base = TestEnvironment as unknown as new (...given: any[]) => JestEnvironment;
  return class extends Base {
    #stock: Stocktaking | undefined;

    override async handleTestEvent(event: { readonly name: string }, state: JestState): Promise<void> {
      await super.handleTestEvent?.(event, state);
      if (event.name === 'run_start') {
        const { process } = this.global as { process: NodeJS.Process };
        this.#stock = new Stocktaking({ ...options, realm: { global: this.global, process } });
      }
      if (event.name !== 'run_finish') return;
      const error = leftoversError((await this.#stock?.end()) ?? []);
      if (error !== null) state.unhandledErrors.push(error);
    }
  } as unknown as Environment;
}
