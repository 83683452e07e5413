// The rules that people use today. Each is asked after every sample; windows are in seconds, so that any series will do.
import type { Point, Rule } from './alarm.ts';

const HOUR_S = 3600;
const MB = 1048576;

/** The points of the last so many seconds. */
class Window {
  readonly #spanS: number;
  points: Point[] = [];

  constructor(spanS: number) {
    this.#spanS = spanS;
  }

  /** Adds a point; returns those that are too old now. */
  add(point: Point): Point[] {
    this.points.push(point);
    const oldestS = point.timeS - this.#spanS;
    let gone = 0;
    while (this.points[gone].timeS < oldestS) gone++;
    return gone === 0 ? [] : this.points.splice(0, gone);
  }
}

interface Line {
  slope: number;
  at(timeS: number): number;
  /** Slope over its standard error, as if the values were independent. */
  t: number;
}

function leastSquares(points: readonly Point[]): Line {
  const n = points.length;
  let [meanX, meanY] = [0, 0];
  for (const p of points) {
    meanX += p.timeS / n;
    meanY += p.bytes / n;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (const p of points) {
    xx += (p.timeS - meanX) ** 2;
    xy += (p.timeS - meanX) * (p.bytes - meanY);
    yy += (p.bytes - meanY) ** 2;
  }
  const slope = xx > 0 ? xy / xx : 0;
  const error = Math.sqrt(Math.max(0, yy - slope * xy) / Math.max(1, n - 2) / (xx || 1));
  return { slope, at: (timeS) => meanY + slope * (timeS - meanX), t: error > 0 ? slope / error : 0 };
}

/** An alert's `for:`: the condition has to hold for so long without a break. */
function holding(forS: number, condition: (point: Point) => boolean): Rule {
  let sinceS: number | null = null;
  return {
    alarm(point) {
      if (!condition(point)) sinceS = null;
      else sinceS ??= point.timeS;
      return sinceS !== null && point.timeS - sinceS >= forS;
    },
  };
}

/** Prometheus: `predict_linear(memory[1h], 4 * 3600) > limit`, for 15 minutes. */
function predictLinear(scale = 1): Rule {
  const window = new Window(HOUR_S * scale);
  return holding(900 * scale, (point) => {
    window.add(point);
    if (window.points.length < 5) return false;
    return leastSquares(window.points).at(point.timeS + 4 * HOUR_S * scale) > point.limitBytes;
  });
}

/** A line through the last six hours rises with p < 0.01, from half an hour of values on. */
function leastSquaresSlope(scale = 1): Rule {
  const window = new Window(6 * HOUR_S * scale);
  return {
    alarm(point) {
      window.add(point);
      const { points } = window;
      return points.length >= 10 && point.timeS - points[0].timeS >= 1800 * scale && leastSquares(points).t > 2.33;
    },
  };
}

/**
 * Mann–Kendall on the last six hours, p < 0.05 two-sided, with a slope above zero by Sen. The counts of pairs that rise and
 * fall are kept up to date from value to value; Sen's slope, the median over all pairs, is above zero when more than half
 * of the pairs rise.
 */
function mannKendall(scale = 1): Rule {
  const window = new Window(6 * HOUR_S * scale);
  let [rises, falls] = [0, 0];
  const count = (from: Point, to: Point, by: 1 | -1): void => {
    if (to.bytes > from.bytes) rises += by;
    else if (to.bytes < from.bytes) falls += by;
  };
  return {
    alarm(point) {
      for (const earlier of window.points) count(earlier, point, 1);
      const gone = window.add(point);
      for (const [nth, old] of gone.entries()) {
        for (const later of gone.slice(nth + 1)) count(old, later, -1);
        for (const later of window.points) count(old, later, -1);
      }
      const n = window.points.length;
      if (n < 10 || point.timeS - window.points[0].timeS < 1800 * scale) return false;
      const z = (rises - falls - 1) / Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
      return z > 1.96 && rises > (n * (n - 1)) / 4;
    },
  };
}

/** memwatch: five rises in a row. */
function fiveRises(): Rule {
  let last = Number.POSITIVE_INFINITY;
  let rises = 0;
  return {
    alarm({ bytes }) {
      rises = bytes > last ? rises + 1 : 0;
      last = bytes;
      return rises >= 5;
    },
  };
}

/**
 * Coroot's inspection "memory leak", as in its sources of August 2026 (auditor/memory.go, `MemoryGrowthPct`; the built-in
 * alert `memory-leak`): on the RSS of the last hour, cut where it falls by half, the longest piece; a line through it and
 * one through its last quarter (fifteen minutes at least), which must rise at 30 % of its pace at least; growth of 5 % of
 * the limit an hour at least, and of 10 % of what there was an hour ago; for 15 minutes.
 */
function coroot(scale = 1): Rule {
  const spanS = HOUR_S * scale;
  const window = new Window(spanS);
  return holding(900 * scale, (point) => {
    window.add(point);
    const points = longestPiece(window.points);
    if (points.length < 10 || points.length < window.points.length / 3) return false;
    // Four fifths of the hour must be there.
    if (point.timeS - window.points[0].timeS < 0.8 * spanS) return false;
    const line = leastSquares(points);
    if (line.slope <= 0) return false;
    let tail = points.length - Math.floor(points.length / 4);
    while (tail > 0 && points.at(-1)!.timeS - (points[tail] ?? points.at(-1)!).timeS < 900 * scale) tail--;
    if (points.length - tail < 5) return false;
    const late = leastSquares(points.slice(tail)).slope;
    if (late <= 0 || late < 0.3 * line.slope) return false;
    const [before, now] = [line.at(point.timeS - spanS), line.at(point.timeS)];
    const least = point.limitBytes > 0 ? 0.05 * point.limitBytes : 50 * MB;
    return now - before >= least && (now - before) / (before > 0 ? before : now) > 0.1;
  });
}

function longestPiece(points: readonly Point[]): readonly Point[] {
  let best: readonly Point[] = [];
  let from = 0;
  for (let at = 1; at <= points.length; at++) {
    if (at < points.length && points[at].bytes >= 0.5 * points[at - 1].bytes) continue;
    if (at - from > best.length) best = points.slice(from, at);
    from = at;
  }
  return best;
}

/** The memory stands above 80 % of its limit, for 5 minutes. */
function threshold(scale = 1): Rule {
  return holding(300 * scale, ({ bytes, limitBytes }) => bytes > 0.8 * limitBytes);
}

/**
 * All of them by name. `scale` 1 is for services that are sampled once a minute; 1/60 for programs that are sampled once a
 * second, with windows that are shorter by as much.
 */
export const rulesOfToday: Readonly<Record<string, (scale?: number) => Rule>> = {
  'threshold 80 %': threshold,
  predict_linear: predictLinear,
  'least squares': leastSquaresSlope,
  'Mann–Kendall': mannKendall,
  'five rises': fiveRises,
  "Coroot's": coroot,
};
