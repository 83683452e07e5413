import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { grouped, type Leftover } from './leftover.ts';
import { ProcessListenerWatch } from './listeners.ts';
import { ResourceWatch } from './resources.ts';

/** Sockets and workers take a moment to close. */
const PATIENCE_MS = 500;
const STEP_MS = 25;

/** Notes what is made from now on, until {@link Stocktaking.end} says what of it is left. */
export class Stocktaking {
  readonly #globals: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(globalThis));
  readonly #resources: ResourceWatch = new ResourceWatch();
  readonly #listeners: ProcessListenerWatch = new ProcessListenerWatch();

  /** What was made meanwhile and is still there, after half a second at most for what is closing; ends the noting. */
  async end(): Promise<Leftover[]> {
    let left = this.#left();
    for (let waitedMs = 0; left.length > 0 && waitedMs < PATIENCE_MS; waitedMs += STEP_MS) {
      await sleep(STEP_MS);
      await turn();
      left = this.#left();
    }
    this.stop();
    return left;
  }

  /** Notes nothing any more. */
  stop(): void {
    this.#resources.stop();
    this.#listeners.stop();
  }

  #left(): Leftover[] {
    const globals = Reflect.ownKeys(globalThis)
      .filter((key) => !this.#globals.has(key))
      .map((key) => ({ kind: 'global', what: `globalThis.${String(key)}`, at: null }) as const);
    return grouped([...this.#resources.left(), ...this.#listeners.left(), ...globals]);
  }
}
