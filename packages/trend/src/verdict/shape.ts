import type { Points } from '../history/thinned-history.ts';
import { theilSen } from '../growth/theil-sen.ts';
import type { Slope } from '../growth/theil-sen.ts';

/** The form of a stretch of a series: its line, and whether the line bends. */
export interface Shape {
  points: Points;
  /** Bytes a second. */
  line: Slope;
  /** Bytes a second in the second half. */
  late: Slope;
  /** The second half's pace as a share of the first half's: about 1 for a line, near 0 for a plateau. */
  pace: number;
  /** Bytes a request, null when no requests are known or none came. */
  perRequest: Slope | null;
  /** `pace` on the axis of requests; null as above. */
  pacePerRequest: number | null;
  /** The request rate in the second half over that in the first; null as above. */
  rateGrowth: number | null;
  spanS: number;
  fromBytes: number;
  toBytes: number;
  /** The robust line's rise over the stretch. */
  riseBytes: number;
  stepsUp: number;
  steps: number;
}

/** Fits the stretch; needs two points, and four for a `pace`. */
export function shapeOf(points: Points): Shape {
  const { count, timeS, bytes, requests } = points;
  const last = count - 1;
  const line = theilSen(timeS, bytes, 0, count);
  const half = count >> 1;
  const late = theilSen(timeS, bytes, half, count);
  let stepsUp = 0;
  for (let i = 1; i < count; i++) if (bytes[i] > bytes[i - 1]) stepsUp++;
  const spanS = count > 0 ? timeS[last] - timeS[0] : 0;
  const worked = count > 3 && requests[last] > requests[0];
  return {
    points,
    line,
    late,
    pace: count > 3 ? pace(theilSen(timeS, bytes, 0, half + 1).slope, late.slope) : 1,
    perRequest: worked ? theilSen(requests, bytes, 0, count) : null,
    pacePerRequest: worked ? pacePerRequest(points) : null,
    rateGrowth: worked ? rateGrowth(points, half) : null,
    spanS,
    fromBytes: count > 0 ? bytes[0] : 0,
    toBytes: count > 0 ? bytes[last] : 0,
    riseBytes: line.slope * spanS,
    stepsUp,
    steps: Math.max(0, last),
  };
}

function pace(early: number, late: number): number {
  if (early <= 0) return late > 0 ? 2 : 1;
  return Math.max(0, Math.min(2, late / early));
}

/** Halves of the work, not of the time: a leak that rests with the traffic at night does not decelerate. */
function pacePerRequest({ count, bytes, requests }: Points): number {
  const middle = (requests[0] + requests[count - 1]) / 2;
  let cut = 1;
  while (cut < count - 2 && requests[cut] < middle) cut++;
  return pace(theilSen(requests, bytes, 0, cut + 1).slope, theilSen(requests, bytes, cut, count).slope);
}

function rateGrowth({ count, timeS, requests }: Points, half: number): number {
  const early = (requests[half] - requests[0]) / (timeS[half] - timeS[0]);
  const late = (requests[count - 1] - requests[half]) / (timeS[count - 1] - timeS[half]);
  return early > 0 ? late / early : 2;
}
