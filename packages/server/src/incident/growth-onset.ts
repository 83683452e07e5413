/**
 * Since when a series grows, as far as its samples show it: pure.
 *
 * The series is taken as flat until a moment and as a line from then on; of all moments that one is told with which the
 * squared distances are the least (a hinge, by least squares). A series that grows from its first sample on grows since
 * then. It is an estimate: noise moves it, and a series that warms up first seems to grow from the start.
 */

/** A sample: milliseconds and bytes. */
export interface FloorSample {
  timeMs: number;
  bytes: number;
}

/** More samples are thinned out evenly: the search takes their number squared. */
const mostSamples = 240;
const fewestSamples = 4;

/** When it began; null for too few samples, and for a series that does not grow. */
export function growthOnset(samples: readonly FloorSample[]): number | null {
  const step = Math.max(1, Math.ceil(samples.length / mostSamples));
  const points = samples.filter((_, at) => at % step === 0 || at === samples.length - 1);
  if (points.length < fewestSamples) return null;
  let best: { timeMs: number; error: number } | null = null;
  for (const { timeMs } of points.slice(0, -1)) {
    const error = errorOf(points, timeMs);
    if (error !== null && (best === null || error < best.error)) best = { timeMs, error };
  }
  return best?.timeMs ?? null;
}

/** The sum of squared distances with the hinge there; null where the line behind it does not rise. */
function errorOf(points: readonly FloorSample[], hingeMs: number): number | null {
  const runs = points.map(({ timeMs }) => Math.max(0, timeMs - hingeMs));
  const count = points.length;
  const meanRun = runs.reduce((sum, run) => sum + run, 0) / count;
  const meanBytes = points.reduce((sum, { bytes }) => sum + bytes, 0) / count;
  let [both, squared] = [0, 0];
  points.forEach(({ bytes }, at) => {
    both += (runs[at] - meanRun) * (bytes - meanBytes);
    squared += (runs[at] - meanRun) ** 2;
  });
  const slope = squared === 0 ? 0 : both / squared;
  if (slope <= 0) return null;
  return points.reduce((sum, { bytes }, at) => sum + (bytes - meanBytes - slope * (runs[at] - meanRun)) ** 2, 0);
}
