/** Events of many logs in the order of time. Memory stays bounded: beyond a number they are counted only. */
import type { MemoryErrorKind } from './kinds.ts';
import type { MemoryEvent } from './memory-event.ts';

/** More than a person will look at, and a crash loop of months. */
const mostEvents = 20_000;

/** What was found. */
export interface FoundEvents {
  /** In order of time; those without one behind, in the order of their logs. */
  events: MemoryEvent[];
  /** How many more there were, by kind. */
  omitted: Partial<Record<MemoryErrorKind, number>>;
}

/** Gathers events. */
export class Timeline {
  readonly #events: MemoryEvent[] = [];
  readonly #omitted = new Map<MemoryErrorKind, number>();

  add(event: MemoryEvent): void {
    if (this.#events.length < mostEvents) this.#events.push(event);
    else this.#omitted.set(event.kind, (this.#omitted.get(event.kind) ?? 0) + 1);
  }

  sorted(): FoundEvents {
    const order = ({ timeMs }: MemoryEvent): number => timeMs ?? Infinity;
    const events = this.#events.toSorted((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
    return { events, omitted: Object.fromEntries(this.#omitted) };
  }
}
