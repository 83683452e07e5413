/** What can be done about a service, and what becomes of it. */

/** The kinds of actions. */
export const actionKinds = ['restart', 'rollback', 'rollforward', 'raise-limit', 'trim', 'shed', 'switch-off'] as const;

/**
 * `restart`: its processes, one after the other; `raise-limit`: the same, with a larger heap; `rollback` and `rollforward`:
 * to another version; `trim`: its processes give back what malloc keeps of freed memory; `shed`: a route is answered with
 * 503; `switch-off`: a flag.
 */
export type ActionKind = (typeof actionKinds)[number];

/** Whether it replaces processes, one after the other. */
export function replacesProcesses(kind: ActionKind): boolean {
  return kind === 'restart' || kind === 'raise-limit';
}

/** Whether it is done to one process after the other. */
export function goesByProcess(kind: ActionKind): boolean {
  return replacesProcesses(kind) || kind === 'trim';
}

/** Whether it goes to another version. */
export function changesVersion(kind: ActionKind): boolean {
  return kind === 'rollback' || kind === 'rollforward';
}

/** The states of actions. */
export const actionStates = ['ordered', 'running', 'done', 'failed', 'cancelled', 'unclear'] as const;

/** `unclear`: whoever carried it out is silent, and nobody knows how far it got. */
export type ActionState = (typeof actionStates)[number];

/** A process that is meant. */
export interface ActionTarget {
  instance: string;
  pid: number | null;
  version: string;
  secondsToLimit: number | null;
}

/** What was done to one process, as who did it saw it. */
export interface ActionStep {
  atMs: number;
  oldPid: number | null;
  newPid: number | null;
  /** How many served at the least meanwhile; null where nobody can know. */
  leastServing: number | null;
  text: string;
}
