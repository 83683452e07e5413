import type { Points } from '../history/thinned-history.ts';
import { theilSen } from '../growth/theil-sen.ts';
import type { Slope } from '../growth/theil-sen.ts';

/** The form of a stretch of a series: its line, and whether the line bends. Each figure is worked out when it is asked for. */
export class Shape {
  readonly points: Points;
  readonly #half: number;
  readonly #worked: boolean;
  #line: Slope | null = null;
  #late: Slope | null = null;
  #pace: number | null = null;
  #perRequest: Slope | null = null;
  #pacePerRequest: number | null = null;

  /** Needs two points for a line, and four for a `pace`. */
  constructor(points: Points) {
    const { count, requests } = points;
    this.points = points;
    this.#half = count >> 1;
    this.#worked = count > 3 && requests[count - 1] > requests[0];
  }

  /** Bytes a second. */
  get line(): Slope {
    const { timeS, bytes, count } = this.points;
    return (this.#line ??= theilSen(timeS, bytes, 0, count));
  }

  /** Bytes a second in the second half. */
  get late(): Slope {
    const { timeS, bytes, count } = this.points;
    return (this.#late ??= theilSen(timeS, bytes, this.#half, count));
  }

  /** The second half's pace as a share of the first half's: about 1 for a line, near 0 for a plateau. */
  get pace(): number {
    const { timeS, bytes, count } = this.points;
    if (count <= 3) return 1;
    return (this.#pace ??= pace(theilSen(timeS, bytes, 0, this.#half + 1).slope, this.late.slope));
  }

  /** Bytes a request, null when no requests are known or none came. */
  get perRequest(): Slope | null {
    const { requests, bytes, count } = this.points;
    return this.#worked ? (this.#perRequest ??= theilSen(requests, bytes, 0, count)) : null;
  }

  /** `pace` on the axis of requests; null as above. */
  get pacePerRequest(): number | null {
    return this.#worked ? (this.#pacePerRequest ??= pacePerRequest(this.points)) : null;
  }

  /** The larger of the two paces is below this share. */
  isSlowerThan(share: number): boolean {
    return this.pace < share && (this.pacePerRequest ?? 0) < share;
  }

  /** The request rate in the second half over that in the first; null as above. */
  get rateGrowth(): number | null {
    return this.#worked ? rateGrowth(this.points, this.#half) : null;
  }

  get spanS(): number {
    const { timeS, count } = this.points;
    return count > 0 ? timeS[count - 1] - timeS[0] : 0;
  }

  get fromBytes(): number {
    return this.points.count > 0 ? this.points.bytes[0] : 0;
  }

  get toBytes(): number {
    return this.points.count > 0 ? this.points.bytes[this.points.count - 1] : 0;
  }

  /** The robust line's rise over the stretch. */
  get riseBytes(): number {
    return this.line.slope * this.spanS;
  }

  get steps(): number {
    return Math.max(0, this.points.count - 1);
  }

  get stepsUp(): number {
    const { bytes, count } = this.points;
    let stepsUp = 0;
    for (let i = 1; i < count; i++) if (bytes[i] > bytes[i - 1]) stepsUp++;
    return stepsUp;
  }
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
