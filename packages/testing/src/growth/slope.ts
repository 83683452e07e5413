/**
 * Growth per iteration from floors (the live set after a full collection).
 *
 * Least squares with one slope for all steps and a level of its own for each: writing a snapshot between two steps moves
 * the level (strings are flattened, ids are handed out) without being growth of the workload.
 *
 * The interval is 95 %, by Student's t. Its standard error is the larger of two: the regression's own, and that of the
 * mean growth of the single rounds. The first alone would be too sure of itself where growth comes in stairs (a hash
 * table that doubles), because the residuals of a staircase hang together.
 */
import type { Floor } from '../runner/protocol.ts';

/** Bytes an iteration, with the 95 % interval. */
export interface Slope {
  readonly bytesPerIteration: number;
  readonly interval: [number, number];
}

/** The common slope of several steps, each given by its floors, oldest first; null for fewer than three rounds. */
export function slopeOf(steps: readonly (readonly Floor[])[]): Slope | null {
  const points = steps.flatMap((floors) => centred(floors));
  const rates = steps.flatMap((floors) => floors.slice(1).map((floor, k) => rate(floors[k], floor)));
  const sxx = sum(points.map(({ x }) => x * x));
  if (rates.length < 3 || sxx === 0) return null;
  const slope = sum(points.map(({ x, y }) => x * y)) / sxx;
  const freedom = points.length - steps.length - 1;
  const residual = sum(points.map(({ x, y }) => (y - slope * x) ** 2));
  const ofRegression = Math.sqrt(residual / freedom / sxx);
  const mean = sum(rates) / rates.length;
  const ofRounds = Math.sqrt(sum(rates.map((r) => (r - mean) ** 2)) / (rates.length - 1) / rates.length);
  const half = studentT95(Math.min(freedom, rates.length - 1)) * Math.max(ofRegression, ofRounds);
  return { bytesPerIteration: slope, interval: [slope - half, slope + half] };
}

function centred(floors: readonly Floor[]): { x: number; y: number }[] {
  const x = sum(floors.map((floor) => floor.iterations)) / floors.length;
  const y = sum(floors.map(bytes)) / floors.length;
  return floors.map((floor) => ({ x: floor.iterations - x, y: bytes(floor) - y }));
}

function rate(from: Floor, to: Floor): number {
  return (bytes(to) - bytes(from)) / Math.max(1, to.iterations - from.iterations);
}

/** The 97.5 % quantile of Student's t, by the expansion of Cornish and Fisher; within 1 % from 3 degrees of freedom on. */
export function studentT95(freedom: number): number {
  if (freedom <= 2) return freedom <= 1 ? 12.706 : 4.303;
  const z = 1.959964;
  const n = freedom;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3;
}

const bytes = (floor: Floor): number => floor.heapBytes + floor.externalBytes;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
