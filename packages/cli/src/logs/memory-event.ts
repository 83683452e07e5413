import type { MemoryErrorKind } from './kinds.ts';
import type { Origin } from './message.ts';

/** One memory error, as one or more lines of a log tell it. */
export interface MemoryEvent {
  kind: MemoryErrorKind;
  /** Milliseconds since the epoch, UTC; null when neither the line nor one before it says. */
  timeMs: number | null;
  /** What the time rests on: the zone or the year had to be assumed, or it is that of an earlier line. */
  assumed: ('zone' | 'year' | 'earlier line')[];
  sinceBootSeconds: number | null;
  file: string;
  line: number;
  origin: Origin;
  /** Numbers that the lines have; sizes in bytes, durations in milliseconds. */
  figures: Record<string, number>;
  /** The words of the log that were recognised; nothing around them. */
  said: string;
}
