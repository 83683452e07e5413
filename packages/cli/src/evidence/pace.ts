/** How often and how far apart evidence is taken. All figures follow from the sampling interval, so that tests can be quick. */
export interface Pace {
  /** What the judge takes for start-up. */
  readonly warmupMs: number;
  /** Snapshots that a confirmation needs. */
  readonly captures: number;
  /** Least time between two snapshots of one series: where they are dear, and where they cost next to nothing. */
  readonly minStepMs: number;
  readonly leastStepMs: number;
  /** In between, the share of time that the pauses of snapshots may take. */
  readonly pauseShare: number;
  /** After this time a step is taken even when the floor has hardly risen. */
  readonly maxStepMs: number;
  /** Requests that must have come between two snapshots, in programs that serve requests. */
  readonly minStepRequests: number;
  /** A rise of the floor that is worth a snapshot: the larger of these bytes and this share of the floor. */
  readonly noticeableBytes: number;
  readonly noticeableShare: number;
  /** With no work at all for so long, the evidence at hand is dropped. */
  readonly idleMs: number;
  /** After evidence that refuted a suspicion: how long to wait before the next, doubling up to the maximum. */
  readonly firstRestMs: number;
  readonly maxRestMs: number;
  /** Share of time that collections asked for by Ebb may take. */
  readonly collectionShare: number;
  /** What they may take ahead of that share at the start. */
  readonly collectionCreditMs: number;
  /** Least and most time between two of them. */
  readonly minCollectDistanceMs: number;
  readonly maxCollectDistanceMs: number;
  /** An answer that takes longer than this is not waited for. */
  readonly collectTimeoutMs: number;
  readonly captureTimeoutMs: number;
  /** A confirmed leak is taken back when it stood still for so long while the work went on. */
  readonly retractMs: number;
}

/**
 * How far the next snapshot must be from the last one, given how long the program stood still for it: a forked one costs
 * milliseconds, and the next may come as soon as there is something to compare.
 */
export function stepAfter(pauseMs: number, pace: Pace): number {
  return Math.min(pace.minStepMs, Math.max(pace.leastStepMs, pauseMs / pace.pauseShare));
}

/**
 * The pace for a sampling interval; 1000 ms is what people use. Short times are less than meant by half an interval or
 * more: samples never come to the millisecond, and what is due at one of them must not wait for the next.
 */
export function paceOf(intervalMs: number): Pace {
  const minStepMs = 10 * intervalMs;
  return {
    warmupMs: 8 * intervalMs,
    captures: 3,
    minStepMs,
    leastStepMs: 4.5 * intervalMs,
    pauseShare: 0.03,
    maxStepMs: 3 * minStepMs,
    minStepRequests: 50,
    noticeableBytes: 100_000,
    noticeableShare: 0.004,
    idleMs: 60 * minStepMs,
    firstRestMs: 6 * minStepMs,
    maxRestMs: 180 * minStepMs,
    collectionShare: 0.03,
    collectionCreditMs: 500,
    minCollectDistanceMs: 1.25 * intervalMs,
    maxCollectDistanceMs: 30 * intervalMs,
    collectTimeoutMs: 10_000,
    captureTimeoutMs: 600_000,
    retractMs: 4 * minStepMs,
  };
}
