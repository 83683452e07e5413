import type { Thresholds } from './decide.ts';
import type { Patience } from './lasting.ts';

const MB = 1048576;
/** How the error is shared: most for the floor (or RSS alone), the rest for the envelope and for native memory. */
const MAIN_SHARE = 0.8;
const SIDE_SHARE = 0.1;
/** Caches and batches of a program that starts slowly take a while as well; so patience is counted in warm-ups. */
const PATIENCE: Patience = {
  enough: 48,
  afterQuiet: 144,
  least: 9,
  eatenShare: 0.16,
  materialShare: 0.005,
  clear: true,
};
/** Where garbage, the kernel's caches and the allocator's habits are in what is seen, it takes more. */
const PATIENCE_RSS: Patience = {
  enough: 54,
  afterQuiet: 144,
  least: 6.75,
  eatenShare: 0.25,
  materialShare: 0.04,
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
export function thresholdsOf(falseLeakRate: number, falseSuspicionRate: number): AllThresholds {
  const leak = -Math.log(falseLeakRate);
  const suspect = -Math.log(falseSuspicionRate);
  const floor = {
    leak: leak - Math.log(MAIN_SHARE),
    // The early test and the growth test share the floor's part.
    suspect: suspect - Math.log(MAIN_SHARE / 2),
    suspectEarly: suspect - Math.log(MAIN_SHARE / 2),
    materialBytes: MB / 2,
    materialShare: 0.01,
    patience: PATIENCE,
  };
  return {
    floor,
    envelope: {
      ...floor,
      leak: leak - Math.log(SIDE_SHARE),
      suspect: suspect - Math.log(SIDE_SHARE),
      suspectEarly: Number.POSITIVE_INFINITY,
      materialBytes: 8 * MB,
      materialShare: 0.1,
    },
    rss: { ...floor, suspectEarly: Number.POSITIVE_INFINITY, patience: PATIENCE_RSS },
  };
}

/** What RSS holds beyond heap and buffers: allocators keep much of it for later. */
export function nativeThresholds({ envelope }: AllThresholds, rssBytes: number): Thresholds {
  const materialBytes = Math.max(16 * MB, 0.1 * rssBytes);
  return { ...envelope, materialBytes, patience: { ...PATIENCE, eatenShare: 0 } };
}
