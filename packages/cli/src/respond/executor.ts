/** Something that can replace processes on this machine. */

/** What is to be done, as the server orders it. */
export interface Order {
  readonly id: number;
  readonly kind: ActionKind;
  readonly version: string | null;
  /** The flag to switch off, the route to shed, or the heap limit in MB. */
  readonly subject: string | null;
  readonly leastServing: number;
  readonly targets: readonly Target[];
}

/** The kinds of actions, as the server names them. */
export const actionKinds = ['restart', 'rollback', 'rollforward', 'raise-limit', 'trim', 'shed', 'switch-off'] as const;

/** One of them. */
export type ActionKind = (typeof actionKinds)[number];

/** A process that is meant. */
export interface Target {
  readonly instance: string;
  readonly pid: number | null;
  readonly version: string;
}

/** What an executor says that it did. */
export interface Done {
  readonly ok: boolean;
  /** In one sentence. */
  readonly text: string;
  readonly newPid: number | null;
  /** How many served at the least meanwhile; null where it cannot know. */
  readonly leastServing: number | null;
}

/** Does one step of an order. Resolves also when it failed, and says how. */
export interface Executor {
  /** For people: `pm2 shop`. */
  readonly name: string;
  readonly kinds: readonly ActionKind[];
  /** One process of a restart or a trim (`target`), or the whole of anything else (`target` is null). */
  step(order: Order, target: Target | null, service: string, signal: AbortSignal): Promise<Done>;
}

/** One executor for what either can do; what both can, the first does. */
export function together(first: Executor, second: Executor): Executor {
  return {
    name: `${first.name}, ${second.name}`,
    kinds: [...new Set([...first.kinds, ...second.kinds])],
    step: async (order, ...rest) => await (first.kinds.includes(order.kind) ? first : second).step(order, ...rest),
  };
}

/** A step that went wrong. */
export function failed(text: string): Done {
  return { ok: false, text, newPid: null, leastServing: null };
}
