import type { FindingsReport } from '@ebb/heap';
import type { Judgement } from '@ebb/trend';

/** What happens to one series (a process or a worker thread), with the time as a value: any monotonic clock. */
export type EvidenceEvent =
  | {
      readonly kind: 'sample';
      readonly nowMs: number;
      readonly verdict: Judgement['verdict'];
      readonly suspicious: boolean;
      /** Newest post-GC floor: heap and external memory together. `id` differs between floors. */
      readonly floor: { readonly id: number; readonly ageMs: number; readonly bytes: number } | null;
      /** Cumulative; null when the program serves none. */
      readonly requests: number | null;
      /** Share of the interval in which the program did something, 0 to 1. */
      readonly busyShare: number;
      /** How fast the judge thinks that it grows; 0 or less where it does not. */
      readonly bytesPerSecond: number;
      /** Whether no other series is being captured or analysed, so that this one may begin. */
      readonly mayCapture: boolean;
    }
  /** The answer to `collect`, and to `profile`, which collects too. */
  | {
      readonly kind: 'collected';
      readonly nowMs: number;
      readonly ok: boolean;
      readonly tookMs: number;
      readonly floorBytes: number | null;
      /** What the profiles say so far, where there is one too: whether something in them has grown. */
      readonly profiled?: 'grown' | 'nothing';
    }
  | { readonly kind: 'captured'; readonly nowMs: number; readonly capture: CapturedSnapshot }
  | { readonly kind: 'capture-failed'; readonly nowMs: number; readonly reason: string }
  | { readonly kind: 'analysed'; readonly nowMs: number; readonly report: FindingsReport }
  | { readonly kind: 'analysis-failed'; readonly nowMs: number; readonly reason: string }
  | { readonly kind: 'ended'; readonly nowMs: number };

/** A snapshot on disk, with what the program had done by then. */
export interface CapturedSnapshot {
  readonly file: string;
  /** In a child, with a pause of milliseconds; or in the thread itself, which stood still while it was written. */
  readonly method: 'fork' | 'inline';
  readonly pauseMs: number;
  /** The moment that it shows, on the clock of the events; a child goes on writing for a while after it. */
  readonly takenAtMs: number;
  /** That moment, less all pauses for snapshots until then: the time in which the program could work. */
  readonly activeMs: number;
  readonly requests: number | null;
  readonly requestsByRoute: Readonly<Record<string, number>>;
}

/** What the machine wants done; whoever runs it answers with events. */
export type EvidenceAction =
  | { readonly kind: 'collect' }
  /** Starts or stops the sampling of allocations: the lightest evidence, and never taken without a doubt. */
  | { readonly kind: 'sampling'; readonly on: boolean }
  /**
   * A profile of what is alive by the place that allocated it. Taking it collects, so that it stands for `collect`. With
   * `alone` there are no snapshots beside it, and this is the `end`, the first or last of them, or in `between`.
   */
  | { readonly kind: 'profile'; readonly alone?: 'end' | 'between' }
  | { readonly kind: 'capture'; readonly ordinal: number; readonly of: number }
  | { readonly kind: 'analyse'; readonly captures: readonly CapturedSnapshot[] }
  | { readonly kind: 'discard'; readonly captures: readonly CapturedSnapshot[] }
  | { readonly kind: 'conclude'; readonly conclusion: Conclusion };

/** What the evidence said. */
export type Conclusion =
  | { readonly kind: 'confirmed'; readonly report: FindingsReport; readonly captures: readonly CapturedSnapshot[] }
  | { readonly kind: 'bounded'; readonly report: FindingsReport; readonly captures: readonly CapturedSnapshot[] }
  /** No snapshot could be had: the profiles say what allocates that which stays, and nobody what keeps it. */
  | { readonly kind: 'narrowed'; readonly reason: string }
  | { readonly kind: 'refuted'; readonly reason: string; readonly report: FindingsReport | null }
  | { readonly kind: 'retracted'; readonly reason: string };

/** What a series is at, for the live view. */
export type EvidencePhase =
  | { readonly name: 'watching' }
  | { readonly name: 'collecting'; readonly ordinal: number; readonly of: number }
  | { readonly name: 'capturing'; readonly ordinal: number; readonly of: number }
  | { readonly name: 'gathering'; readonly taken: number; readonly of: number; readonly idle: boolean }
  | { readonly name: 'profiling'; readonly taken: number; readonly of: number; readonly idle: boolean }
  | { readonly name: 'analysing'; readonly captures: number }
  | { readonly name: 'resting'; readonly untilMs: number; readonly reason: string }
  | { readonly name: 'confirmed' }
  | { readonly name: 'ended' };
