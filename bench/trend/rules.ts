// The rules that people use today, on the floors of one process; each is asked after every sample and answers "alarm now?".
import type { MemorySample } from '@ebb/trend';

export interface Rule {
  alarm(sample: MemorySample): boolean;
}

interface Point {
  timeS: number;
  bytes: number;
}

/** Calls `decide` with all floors so far when there is a new one; these rules may keep as much as they like. */
function onFloors(decide: (points: Point[], sample: MemorySample) => boolean): Rule {
  const points: Point[] = [];
  return {
    alarm(sample) {
      const floor = sample.floor;
      if (!floor || points.at(-1)?.timeS === floor.timeMs / 1000) return false;
      points.push({ timeS: floor.timeMs / 1000, bytes: floor.heapBytes + floor.externalBytes });
      return decide(points, sample);
    },
  };
}

function leastSquares(points: Point[]): { slope: number; at(timeS: number): number; t: number } {
  const n = points.length;
  const meanX = points.reduce((sum, p) => sum + p.timeS, 0) / n;
  const meanY = points.reduce((sum, p) => sum + p.bytes, 0) / n;
  let xx = 0;
  let xy = 0;
  for (const p of points) {
    xx += (p.timeS - meanX) ** 2;
    xy += (p.timeS - meanX) * (p.bytes - meanY);
  }
  const slope = xx > 0 ? xy / xx : 0;
  let rest = 0;
  for (const p of points) rest += (p.bytes - meanY - slope * (p.timeS - meanX)) ** 2;
  const error = Math.sqrt(rest / Math.max(1, n - 2) / (xx || 1));
  return { slope, at: (timeS) => meanY + slope * (timeS - meanX), t: error > 0 ? slope / error : 0 };
}

/** Slope above zero with p < 0.01, from ten floors on. */
export const leastSquaresRule = (): Rule => onFloors((points) => points.length >= 10 && leastSquares(points).t > 2.5);

/** memwatch: five rises in a row. */
export const fiveRisesRule = (): Rule =>
  onFloors(
    (points) => points.length >= 6 && points.slice(-6).every((p, i, last) => i === 0 || p.bytes > last[i - 1].bytes),
  );

/** Mann–Kendall, two-sided p < 0.05, with a positive slope, over the last 30 floors, from ten on. */
export const mannKendallRule = (): Rule =>
  onFloors((all) => {
    const points = all.slice(-30);
    const n = points.length;
    if (n < 10) return false;
    let s = 0;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(points[j].bytes - points[i].bytes);
    return (s - 1) / Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18) > 1.96;
  });

/** The memory in use stands above 80 % of the heap limit. */
export const thresholdRule = (): Rule => ({ alarm: (sample) => sample.heapUsedBytes > 0.8 * sample.heapLimitBytes });

/** predict_linear(x[30m], 4h) > limit, with 30 units for the half hour and 240 for the four hours. */
export const predictLinearRule = (unitS: number): Rule =>
  onFloors((points, sample) => {
    const nowS = points.at(-1)!.timeS;
    const recent = points.filter((p) => p.timeS >= nowS - 30 * unitS);
    return recent.length >= 5 && leastSquares(recent).at(nowS + 240 * unitS) > sample.heapLimitBytes;
  });
