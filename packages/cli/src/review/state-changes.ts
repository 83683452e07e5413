/** What only two versions of a file show: that something which bounded or ended its state is gone. */
import { fingerprintOf, OF_TIMERS, unitOf, type FileState, type KeptCollection, type Spot } from '@ebb/eslint-plugin';

/** A change of what a file keeps. */
export interface StateChange {
  readonly rule:
    'diff/removal-gone' | 'diff/bound-gone' | 'diff/longer-lived' | 'diff/listener-stays' | 'diff/interval-stays';
  readonly message: string;
  readonly fingerprint: string;
  readonly at: Spot;
  /** The way from where the state is declared to what adds to it. */
  readonly steps: readonly { readonly at: Spot; readonly message: string }[];
}

/** Holds two versions of one file against each other. */
export function stateChanges(file: string, cwd: string, base: FileState, head: FileState): StateChange[] {
  const unit = unitOf(file, cwd);
  return [
    ...head.collections.flatMap((now) => collectionChange(unit, base, now) ?? []),
    ...listenerChanges(unit, base, head),
    ...intervalChanges(unit, base, head),
  ];
}

function collectionChange(unit: string, base: FileState, now: KeptCollection): StateChange | undefined {
  const { name, scope, container, adds, removes, bounds, declared } = now;
  const [first] = adds;
  if (first === undefined) return undefined;
  const found = (rule: StateChange['rule'], message: string): StateChange => ({
    rule,
    message,
    fingerprint: fingerprintOf({ unit, scope, symbol: name, kind: 'collection' }),
    at: first,
    steps: [
      { at: declared, message: `${name} (${container}) is made here` },
      ...adds.map((at) => ({ at, message: `this adds to ${name}` })),
    ],
  });
  const before = base.collections.find((each) => each.name === name && each.scope === scope);
  if (before === undefined) {
    const wasLocal = base.locals.includes(name);
    const isEnded = removes.length > 0 || bounds.length > 0;
    return wasLocal && !isEnded && now.lifetime === 'program'
      ? found(
          'diff/longer-lived',
          `${name} was made anew by each call; now it lives as long as the process, and nothing removes from it. Bound it, or make it in the call again.`,
        )
      : undefined;
  }
  if (before.removes.length > 0 && removes.length === 0) {
    return found(
      'diff/removal-gone',
      `This change takes away what removed from ${name}: it still gets entries, and nothing in this file takes one out any more. Keep the removal, or bound ${name}.`,
    );
  }
  if (before.bounds.length > 0 && bounds.length === 0) {
    return found(
      'diff/bound-gone',
      `This change takes away the bound on the size of ${name}: it still gets entries. Keep the bound, or say how ${name} ends.`,
    );
  }
  return undefined;
}

function listenerChanges(unit: string, base: FileState, head: FileState): StateChange[] {
  return head.listeners.flatMap(({ emitter, event, scope, adds, removes }) => {
    const before = base.listeners.find((each) => each.emitter === emitter && each.event === event);
    if (!before || before.removes.length === 0 || removes.length > 0) return [];
    return [
      {
        rule: 'diff/listener-stays' as const,
        message: `This change takes away what removed the listeners of '${event}' from ${emitter}: they are still added. Keep the removal.`,
        fingerprint: fingerprintOf({ unit, scope, symbol: event, kind: 'listener' }),
        at: adds[0],
        steps: adds.map((at) => ({ at, message: `this listens to '${event}' of ${emitter}` })),
      },
    ];
  });
}

function intervalChanges(unit: string, base: FileState, head: FileState): StateChange[] {
  const { starts, clears } = head.intervals;
  if (base.intervals.clears.length === 0 || clears.length > 0 || starts.length === 0) return [];
  return [
    {
      rule: 'diff/interval-stays',
      message: 'This change takes away the clearInterval() of this file, which still starts an interval. Keep it.',
      fingerprint: fingerprintOf({ unit, ...OF_TIMERS }),
      at: starts[0],
      steps: starts.map((at) => ({ at, message: 'this starts an interval' })),
    },
  ];
}
