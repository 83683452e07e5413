import type { Thresholds } from './decide.ts';
import type { Patience } from './lasting.ts';

const MB = 1048576;
/** How the error is shared: most for the floor (or RSS alone), the rest for the envelope and for native memory. */
const MAIN_SHARE = 0.8;
const SIDE_SHARE = 0.1;
/**
 * Caches and batches of a program that starts slowly take a while as well; so patience is counted in warm-ups. By the floor:
 * a working day's shift (eight hours of a service), or nearly a third of what was left to the limit.
 */
const PATIENCE: Patience = {
  enough: 48,
  afterQuiet: 144,
  least: 9,
  eatenShare: 0.3,
  unusual: 15,
  leastUnlimited: 48,
  materialShare: 0.05,
  materialShareUnusual: 0.03,
  materialShareLater: 0.005,
  latePace: 0.75,
  ratio: Math.SQRT2,
  clear: true,
};
/**
 * A program that starts within a minute is watched by somebody who waits, and who takes evidence before a leak is believed:
 * less will do.
 */
const WATCHED: Partial<Patience> = {
  eatenShare: 0.16,
  leastUnlimited: 9,
  materialShare: 0.005,
  materialShareUnusual: 0.005,
};
const WATCHED_WARMUP_S = 60;
/** Where garbage, the kernel's caches and the allocator's habits are in what is seen, it takes more. */
const PATIENCE_RSS: Patience = {
  enough: 54,
  afterQuiet: 144,
  least: 6.75,
  eatenShare: 0.265,
  unusual: 18,
  leastUnlimited: 54,
  materialShare: 0.04,
  materialShareUnusual: 0.04,
  materialShareLater: 0.04,
  latePace: 0.35,
  ratio: Math.SQRT2,
  clear: false,
};

/** What has to be passed, by what is judged. */
export interface AllThresholds {
  /** The floor after collections. */
  floor: Thresholds;
  /** The lower envelope of the memory in use, and what RSS holds beyond the heap. */
  envelope: Thresholds;
  /** RSS, where nothing else is known. */
  rss: Thresholds;
}

/** From the chances of a false word, each over a whole series. */
export function thresholdsOf(falseLeakRate: number, falseSuspicionRate: number, warmupS: number): AllThresholds {
  const leak = -Math.log(falseLeakRate);
  const suspect = -Math.log(falseSuspicionRate);
  const floor = {
    // So do the growth test and the rank test.
    leak: leak - Math.log(MAIN_SHARE / 2),
    leakByRank: leak - Math.log(MAIN_SHARE / 2),
    // The early test and the growth test share the floor's part.
    suspect: suspect - Math.log(MAIN_SHARE / 2),
    suspectEarly: suspect - Math.log(MAIN_SHARE / 2),
    materialBytes: MB / 2,
    materialShare: 0.01,
    patience: warmupS < WATCHED_WARMUP_S ? { ...PATIENCE, ...WATCHED } : PATIENCE,
  };
  return {
    floor,
    envelope: {
      ...floor,
      leak: leak - Math.log(SIDE_SHARE),
      leakByRank: Number.POSITIVE_INFINITY,
      suspect: suspect - Math.log(SIDE_SHARE),
      suspectEarly: Number.POSITIVE_INFINITY,
      materialBytes: 8 * MB,
      materialShare: 0.1,
    },
    rss: {
      ...floor,
      leak: leak - Math.log(MAIN_SHARE),
      leakByRank: Number.POSITIVE_INFINITY,
      suspectEarly: Number.POSITIVE_INFINITY,
      patience: PATIENCE_RSS,
    },
  };
}

/** What RSS holds beyond heap and buffers: allocators keep much of it for later. */
export function nativeThresholds({ envelope }: AllThresholds, rssBytes: number): Thresholds {
  const materialBytes = Math.max(16 * MB, 0.1 * rssBytes);
  return {
    ...envelope,
    materialBytes,
    patience: { ...PATIENCE, eatenShare: 0, leastUnlimited: 9, materialShare: 0.005, materialShareUnusual: 0.005 },
  };
}
