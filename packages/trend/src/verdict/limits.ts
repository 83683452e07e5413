import type { Slope } from '../growth/theil-sen.ts';
import type { Trend } from '../judgement.ts';

/** What bounds a process, and how much of it is taken. */
export interface Room {
  heapLimitBytes: number | null;
  heapBytes: number;
  rssLimitBytes: number | null;
  rssBytes: number | null;
}

const Z_95 = 1.96;
const Z_90 = 1.2816;

interface Bound {
  limitBytes: number;
  roomBytes: number;
  /** The share of the slope that eats this room. */
  share: number;
}

/**
 * The trend with the way to the nearer limit: the heap part of the growth runs against the heap's limit, all of it
 * against the container's. A limit that is already passed is 0 seconds away.
 */
export function trendOf(line: Slope, perRequest: Slope | null, room: Room, heapShare: number): Trend {
  const bounds: Bound[] = [];
  if (room.heapLimitBytes !== null) {
    bounds.push({
      limitBytes: room.heapLimitBytes,
      roomBytes: Math.max(0, room.heapLimitBytes - room.heapBytes),
      share: heapShare,
    });
  }
  if (room.rssLimitBytes !== null) {
    const taken = room.rssBytes ?? room.heapBytes;
    bounds.push({ limitBytes: room.rssLimitBytes, roomBytes: Math.max(0, room.rssLimitBytes - taken), share: 1 });
  }
  bounds.sort((a, b) => seconds(a, line.slope) - seconds(b, line.slope) || a.roomBytes - b.roomBytes);
  const nearest = bounds[0];
  const grows = line.slope > 0 && line.low > 0;
  const away = nearest && grows ? seconds(nearest, line.slope) : Number.POSITIVE_INFINITY;
  const known = nearest !== undefined && Number.isFinite(away);
  return {
    bytesPerSecond: line.slope,
    interval: [line.low, line.high],
    bytesPerRequest: perRequest?.slope ?? null,
    bytesPerRequestInterval:
      perRequest && Number.isFinite(perRequest.high - perRequest.low) ? [perRequest.low, perRequest.high] : null,
    secondsToLimit: known ? away : null,
    secondsToLimitInterval: known ? [seconds(nearest, line.high), seconds(nearest, line.low)] : null,
    secondsToLimitQuantiles: known ? quantiles(nearest, line) : null,
    limitBytes: nearest?.limitBytes ?? 0,
  };
}

/** By a slope that is normal about its middle, cut off at zero: what does not grow never meets the limit. */
function quantiles(bound: Bound, { slope, low, high }: Slope): { p10: number; p50: number; p90: number } {
  const deviation = (high - low) / (2 * Z_95);
  return {
    p10: seconds(bound, slope + Z_90 * deviation),
    p50: seconds(bound, slope),
    p90: seconds(bound, slope - Z_90 * deviation),
  };
}

function seconds(bound: Bound, slope: number): number {
  const eats = slope * bound.share;
  return eats > 0 ? bound.roomBytes / eats : Number.POSITIVE_INFINITY;
}
