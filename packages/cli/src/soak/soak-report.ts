import type { Finding } from '@ebb/heap';
import type { TestVerdict } from '@ebb/testing';

/** What the requests to one route leave behind. */
export interface RouteReport {
  readonly route: string;
  readonly verdict: TestVerdict;
  readonly bytesPerRequest: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
  /** All that were sent, those of the warm-up too. */
  readonly requests: number;
  /** Answers by status; connections that failed by their code. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What the budget grants; 0 where it says nothing. */
  readonly budgetBytesPerRequest: number;
  /** A leak, and surely more than granted. */
  readonly overBudget: boolean;
  readonly evidence: 'floors' | 'snapshots';
  readonly findings: readonly Finding[];
  readonly tookMs: number;
}

/** A route that came to no verdict. */
export interface RouteFailure {
  readonly route: string;
  readonly code: string;
  readonly message: string;
  /** What to do about it, where that is known. */
  readonly next: string | null;
}

/** What `ebb soak --json` prints. */
export interface SoakReport {
  readonly format: 'ebb.soak/1';
  /** The worst of all routes. */
  readonly verdict: TestVerdict;
  /** Whether a route leaks more than the budget grants. */
  readonly overBudget: boolean;
  readonly command: readonly string[];
  readonly routes: readonly RouteReport[];
  readonly failures: readonly RouteFailure[];
  /** What a reader should know beside it, in sentences. */
  readonly warnings: readonly string[];
}
