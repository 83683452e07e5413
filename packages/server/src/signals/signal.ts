/** What is told of a service beside its memory: by existing monitoring, or by the rows of agents. */
import type { Level } from '../incident/level.ts';

/** What a signal is about. */
export const signalKinds = ['cpu', 'gc', 'latency', 'errors', 'restarts', 'memory', 'oom', 'other'] as const;

/** What a signal is about. `other` is told on the timeline and never opens an incident. */
export type SignalKind = (typeof signalKinds)[number];

/** Who tells it. */
export type SignalSource = 'alertmanager' | 'agents';

/** A signal, whoever tells it. Times are milliseconds since the epoch, none of them ahead of the server's clock. */
export interface ToldSignal {
  source: SignalSource;
  /** One for one thing that goes on, of one source and service: an alert's fingerprint, or what agents' rows show. */
  key: string;
  /** The start as the sender tells it: with the key, it makes a signal that is told again the same one. */
  toldStartMs: number;
  kind: SignalKind;
  /** How urgent its sender finds it; null when it is nobody's business. */
  level: Level | null;
  title: string;
  /** A sentence more; may be empty. */
  text: string;
  /** Where it came from, `http:` or `https:`; null when nothing is told. */
  url: string | null;
  startedMs: number;
  /** Null while it lasts. */
  endedMs: number | null;
}

/** An alert that is not told again for so long is over: Alertmanager repeats what fires, every four hours as it is shipped. */
const alertLastsMs = 5 * 3_600_000;

/** Whether the signal lasts at this moment. */
export function isActive(
  { source, endedMs, toldMs }: Pick<ToldSignal, 'source' | 'endedMs'> & { toldMs: number },
  nowMs: number,
): boolean {
  if (endedMs !== null) return endedMs > nowMs;
  return source === 'agents' || nowMs - toldMs < alertLastsMs;
}

/** The earliest time at which an alert may have been told to last now. */
export function oldestActiveMs(nowMs: number): number {
  return nowMs - alertLastsMs;
}
