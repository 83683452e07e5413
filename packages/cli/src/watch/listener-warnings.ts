import type { Finding } from '@ebb/heap';
import type { ListenersWarning } from '../report/watch-report.ts';

/** A warning is told once an emitter; a program may make emitters without end. */
const MOST_KEPT = 50;

/**
 * The warnings of one process about listeners without bound. Such a warning alone is no leak (eleven listeners are soon
 * there); beside a finding that names the same event it says since when, and that Node.js had seen it, too.
 */
export class ListenerWarnings {
  readonly #warnings: ListenersWarning[] = [];

  /** Takes in the text of a `MaxListenersExceededWarning`; others are passed over. */
  add(message: string, afterMs: number): void {
    const [, listeners, event, emitter = ''] = TEXT.exec(message) ?? [];
    if (event === undefined || this.#warnings.length >= MOST_KEPT) return;
    this.#warnings.push({ event, emitter, listeners: Number(listeners), afterMs: Math.round(afterMs) });
  }

  /** Adds to findings about listeners what had been warned of their event. */
  join<F extends Finding>(findings: readonly F[]): (F & { warned?: ListenersWarning })[] {
    return findings.map((finding) => {
      const warned = this.#of(finding);
      return warned === undefined ? finding : { ...finding, warned };
    });
  }

  #of({ kind, event }: Finding): ListenersWarning | undefined {
    if (kind !== 'listener' || event === undefined) return undefined;
    return this.#warnings
      .filter((warning) => warning.event === event)
      .reduce<ListenersWarning | undefined>(
        (most, warning) => (most === undefined || warning.listeners > most.listeners ? warning : most),
        undefined,
      );
  }
}

/** As `events` and `EventTarget` write it: "Possible EventEmitter memory leak detected. 11 tick listeners added to [Bus]. …" */
const TEXT = /(\d+) (.{1,200}?) listeners added(?: to (\[[^\]]{1,100}\]))?/;
