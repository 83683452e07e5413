import { createHook, type AsyncHook } from 'node:async_hooks';
import { callerPlace } from './caller.ts';
import type { Leftover } from './leftover.ts';

/** What keeps a process alive, or memory, until somebody closes it. The rest (promises, ticks, requests) ends by itself. */
const LASTING = new Set([
  'Timeout',
  'TCPSERVERWRAP',
  'TCPWRAP',
  'TLSWRAP',
  'PIPESERVERWRAP',
  'PIPEWRAP',
  'UDPWRAP',
  'PROCESSWRAP',
  'FSEVENTWRAP',
  'STATWATCHER',
  'WORKER',
  'MESSAGEPORT',
  'SIGNALWRAP',
  'HTTP2SESSION',
]);

/** Made in a later turn than the call that asked for it, so that no stack leads to that: told without a place. */
const MADE_LATER = new Set(['TCPSERVERWRAP', 'PIPESERVERWRAP', 'PROCESSWRAP', 'WORKER', 'UDPWRAP']);

interface Made {
  readonly type: string;
  readonly at: string | null;
  readonly resource: WeakRef<object>;
}

/** Hears of every lasting resource that is made, by async_hooks, until it is stopped. */
export class ResourceWatch {
  readonly #made = new Map<number, Made>();
  readonly #hook: AsyncHook;

  constructor() {
    this.#hook = createHook({
      init: (id, type, _trigger, resource: object) => {
        if (LASTING.has(type)) this.#made.set(id, { type, at: callerPlace(), resource: new WeakRef(resource) });
      },
      destroy: (id) => {
        this.#made.delete(id);
      },
    }).enable();
  }

  /** What is still there and active. Timers that were `unref`ed count as well: what they call is kept. */
  left(): Omit<Leftover, 'count'>[] {
    return [...this.#made.values()].flatMap(({ type, at, resource }): Omit<Leftover, 'count'>[] => {
      const object = resource.deref() as
        { _idleTimeout?: number; _repeat?: number | null; _destroyed?: boolean } | undefined;
      if (object === undefined || (at === null && !MADE_LATER.has(type))) return [];
      if (type !== 'Timeout') return [{ kind: 'handle', what: type, at }];
      if (object._destroyed === true || object._idleTimeout === -1) return [];
      return [{ kind: 'timer', what: typeof object._repeat === 'number' ? 'setInterval' : 'setTimeout', at }];
    });
  }

  stop(): void {
    this.#hook.disable();
    this.#made.clear();
  }
}
