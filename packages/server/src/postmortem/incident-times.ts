/** When what happened in an incident, and how long it took: pure. What is not known is null, and never made up. */
import type { IncidentEventKind } from '../incident/event-kind.ts';
import { wrongMs } from '../incident/hypothesis.ts';
import type { HypothesisRow } from '../incident/tables.ts';

/** An entry of a timeline, as far as times need it. */
export interface TimedEvent {
  timeMs: number;
  kind: IncidentEventKind;
  actor: string | null;
}

/** Moments of an incident. */
export interface IncidentTimes {
  /** When it began: memory to grow, or requests to fail, or something to be told; the earliest that is known. */
  startedMs: number | null;
  /** When the server opened it. */
  detectedMs: number;
  /** When somebody was told first. */
  toldMs: number | null;
  /** When somebody acknowledged it, or did something in it, whichever was first. */
  acknowledgedMs: number | null;
  /** When requests were well again; where nobody tells of requests, when nothing ran out any more. */
  mitigatedMs: number | null;
  resolvedMs: number | null;
  /** How long something was suspected that was exonerated later; null where nothing was suspected. */
  wrongHypothesisMs: number | null;
}

/** What times are read from. */
export interface TimesInput {
  openedMs: number;
  resolvedMs: number | null;
  /** In the order of time. */
  events: readonly TimedEvent[];
  hypotheses: readonly Pick<HypothesisRow, 'state' | 'since_ms' | 'decided_ms'>[];
  /** From when to when requests were hit; null where it was not measured. */
  impact: { fromMs: number; toMs: number } | null;
}

/** Reads them. */
export function timesOf({ openedMs, resolvedMs, events, hypotheses, impact }: TimesInput): IncidentTimes {
  const first = (...kinds: IncidentEventKind[]): number | null =>
    events.find(({ kind }) => kinds.includes(kind))?.timeMs ?? null;
  const begins = [first('growth'), impact?.fromMs ?? null, first('symptom')].filter((timeMs) => timeMs !== null);
  const calmMs = events.findLast(({ kind }) => kind === 'calm')?.timeMs ?? null;
  const isOver = resolvedMs !== null;
  // Who comes when it is over has not taken it.
  const meanwhile = isOver ? events.filter(({ timeMs }) => timeMs <= resolvedMs) : events;
  const byPeople = meanwhile.find(({ kind, actor }) => kind === 'acknowledged' || (actor !== null && isWork(kind)));
  return {
    startedMs: begins.length === 0 ? null : Math.min(openedMs, ...begins),
    detectedMs: openedMs,
    toldMs: first('paged', 'notified'),
    acknowledgedMs: byPeople === undefined ? null : Math.max(openedMs, byPeople.timeMs),
    mitigatedMs: isOver ? (impact?.toMs ?? calmMs) : null,
    resolvedMs,
    wrongHypothesisMs:
      hypotheses.length === 0
        ? null
        : wrongMs(
            hypotheses.map(({ state, since_ms: sinceMs, decided_ms: decidedMs }) => ({ state, sinceMs, decidedMs })),
          ),
  };
}

/** What comes after an incident is no work in it. */
function isWork(kind: IncidentEventKind): boolean {
  return kind !== 'postmortem' && kind !== 'review' && kind !== 'action-item';
}
