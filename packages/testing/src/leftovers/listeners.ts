import { callerPlace } from './caller.ts';
import type { Leftover } from './leftover.ts';

type Listener = (...values: never[]) => void;

/** Hears of every listener that is added to `process`: it outlives all that a test makes. */
export class ProcessListenerWatch {
  readonly #added: {
    readonly event: string | symbol;
    readonly listener: WeakRef<Listener>;
    readonly at: string | null;
  }[] = [];
  readonly #hear = (event: string | symbol, listener: Listener): void => {
    this.#added.push({ event, listener: new WeakRef(listener), at: callerPlace() });
  };

  readonly #process: NodeJS.Process;

  constructor(watched: NodeJS.Process = process) {
    this.#process = watched;
    this.#process.on('newListener', this.#hear);
  }

  /** Listeners that are still there. */
  left(): Omit<Leftover, 'count'>[] {
    return this.#added.flatMap(({ event, listener, at }) => {
      const still = listener.deref();
      if (still === undefined || at === null) return [];
      if (!(this.#process.listeners(event as 'exit') as unknown[]).includes(still)) return [];
      return [{ kind: 'listener', what: `process "${String(event)}"`, at }];
    });
  }

  stop(): void {
    this.#process.off('newListener', this.#hear);
    this.#added.length = 0;
  }
}
