import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { grouped, type Leftover } from './leftover.ts';
import { ModuleStateWatch } from './module-state.ts';
import { ProcessListenerWatch } from './listeners.ts';
import { ResourceWatch } from './resources.ts';

/** Sockets and workers take a moment to close. */
const PATIENCE_MS = 500;
const STEP_MS = 25;

/** What is looked at beside timers, handles, listeners and globals. */
export interface StocktakingOptions {
  /** Whether modules keep more than before: takes two heap snapshots. Default false. */
  moduleState?: boolean;
  /** What runs in a context of `node:vm`, as jest's tests do, has globals and a `process` of its own; default: this one's. */
  realm?: Realm;
}

/** Where code sees its globals. */
export interface Realm {
  readonly global: object;
  readonly process: NodeJS.Process;
}

/** Notes what is made from now on, until {@link Stocktaking.end} says what of it is left. */
export class Stocktaking {
  readonly #realm: Realm;
  readonly #globals: ReadonlySet<PropertyKey>;
  readonly #moduleState: ModuleStateWatch | null;
  readonly #resources: ResourceWatch;
  readonly #listeners: ProcessListenerWatch;

  /** @throws {TestError} EBB_TEST_NO_SNAPSHOT, where module state is looked at */
  constructor({ moduleState = false, realm = { global: globalThis, process } }: StocktakingOptions = {}) {
    this.#realm = realm;
    this.#globals = new Set(Reflect.ownKeys(realm.global));
    // First, so that what it makes itself is not noted.
    this.#moduleState = moduleState ? new ModuleStateWatch() : null;
    this.#resources = new ResourceWatch();
    this.#listeners = new ProcessListenerWatch(realm.process);
  }

  /**
   * What was made meanwhile and is still there, after half a second at most for what is closing; ends the noting.
   *
   * @throws {TestError} EBB_TEST_NO_SNAPSHOT, EBB_TEST_ANALYSIS_FAILED, where module state is looked at
   */
  async end(): Promise<Leftover[]> {
    let left = this.#left();
    for (let waitedMs = 0; left.length > 0 && waitedMs < PATIENCE_MS; waitedMs += STEP_MS) {
      await sleep(STEP_MS);
      await turn();
      left = this.#left();
    }
    this.#resources.stop();
    this.#listeners.stop();
    return [...left, ...grouped((await this.#moduleState?.left()) ?? [])];
  }

  /** Notes nothing any more. */
  stop(): void {
    this.#resources.stop();
    this.#listeners.stop();
    this.#moduleState?.stop();
  }

  #left(): Leftover[] {
    const globals = Reflect.ownKeys(this.#realm.global)
      .filter((key) => !this.#globals.has(key))
      .map((key) => ({ kind: 'global', what: `globalThis.${String(key)}`, at: null }) as const);
    return grouped([...this.#resources.left(), ...this.#listeners.left(), ...globals]);
  }
}
