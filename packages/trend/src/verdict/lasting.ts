import type { ThinnedHistory } from '../history/thinned-history.ts';
import { shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';

/**
 * For how long growth must have lasted before it is called a leak, in warm-ups: nothing shows that growth won't end but
 * its not ending.
 */
export interface Patience {
  /** Growth that was there from the start. */
  enough: number;
  /** Growth after a time of quiet: it may be the rising half of a day. */
  afterQuiet: number;
  /** Fewer will do, but never fewer than this, … */
  least: number;
  /** … when growth has taken this share of what was left to the limit: then there is no time to wait. */
  eatenShare: number;
  /** Growth by less than this share of what was left to the limit hurts nobody yet. */
  materialShare: number;
  /** Whether the level itself is sure: then hurried growth need only be as straight as the line since it began tells. */
  clear: boolean;
}

const BLOCKS = 6;
const BINS = 24;
/** Each step must be this share of the median step: a burst on top of steady growth does no harm, a plateau does. */
const EACH_STEP = 0.55;
/** The second half must have this share of the pace of the first. */
const LATE_PACE = 0.35;
/** Growth after a quiet time of more than this share of its own, … */
const QUIET_SHARE = 1 / 6;
/** … that is, which grew at less than this share of its pace. */
const QUIET_PACE = 0.35;

/**
 * The stretch, up to now, in which growth lasted: cut into blocks, the lowest value of each stands above that of the block
 * before, by steps that are all alike; and it leads higher than the series ever stood. Null when there is none.
 */
export function lastingGrowth(
  history: ThinnedHistory,
  warmupS: number,
  patience: Patience,
  roomBytes: number,
  materialBytes: number,
): Shape | null {
  const nowS = history.timeS(history.count - 1);
  const lasts: [warmups: number, hurries: boolean][] = [
    [patience.afterQuiet, false],
    [patience.enough, false],
  ];
  if (!patience.clear)
    for (let warmups = patience.enough / 2; warmups >= patience.least; warmups /= 2) lasts.push([warmups, true]);
  for (const [warmups, hurries] of lasts) {
    const spanS = warmups * warmupS;
    const fromS = nowS - spanS;
    if (fromS < warmupS) continue;
    const { count, bytes, timeS } = history.window(fromS, BLOCKS);
    if (count < BLOCKS || nowS - timeS[0] < 0.75 * spanS) continue;
    const steps = bytes.slice(1).map((low, block) => low - bytes[block]);
    const median = steps.sort()[(BLOCKS - 1) >> 1];
    const riseBytes = median * (BLOCKS - 1);
    if (riseBytes < materialBytes || steps[0] < EACH_STEP * median) continue;
    const leastShare = hurries ? patience.eatenShare : patience.materialShare;
    if (Number.isFinite(roomBytes) ? riseBytes < leastShare * (roomBytes + riseBytes) : hurries) continue;
    const before = stretchBefore(history, warmupS, fromS);
    if (bytes[BLOCKS - 1] <= before.ceilingBytes) continue;
    const beforeS = fromS - warmupS;
    const wasQuiet = bytes[0] - before.startBytes < QUIET_PACE * (riseBytes / spanS) * beforeS;
    if (warmups === patience.enough && wasQuiet && beforeS > QUIET_SHARE * spanS) continue;
    const shape = shapeOf(history.window(fromS, BINS));
    if (shape.line.low > 0 && shape.pace >= LATE_PACE) return shape;
  }
  return null;
}

/** Where the series stood after its warm-up, and how high before a time: spikes, which a block's lowest value passes over, don't count. */
function stretchBefore(
  history: ThinnedHistory,
  warmupS: number,
  toS: number,
): { startBytes: number; ceilingBytes: number } {
  const lowest = new Float64Array(BLOCKS).fill(Number.POSITIVE_INFINITY);
  const blockS = (toS - warmupS) / BLOCKS;
  for (let index = 0; index < history.count && history.timeS(index) < toS; index++) {
    const block = Math.floor((history.timeS(index) - warmupS) / blockS);
    if (block >= 0)
      lowest[Math.min(block, BLOCKS - 1)] = Math.min(lowest[Math.min(block, BLOCKS - 1)], history.bytes(index));
  }
  const known = lowest.filter((bytes) => bytes < Number.POSITIVE_INFINITY);
  return { startBytes: known[0] ?? Number.NaN, ceilingBytes: Math.max(...known) };
}
