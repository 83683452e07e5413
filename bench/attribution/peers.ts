// What people and products do instead, on the same facts.
import type { Life } from '../../packages/server/src/fixtures/attribution.ts';
import type { ToldChange } from '../../packages/server/src/fixtures/attribution.ts';

export interface Facts {
  changes: readonly ToldChange[];
  lives: readonly Life[];
  /** When the service's first process was called a leak. */
  verdictMs: number;
}

/** The newest change before the alert: what a team rolls back. */
export function newestBeforeAlert({ changes, verdictMs }: Facts): number[] {
  const newest = changes
    .filter(({ timeMs }) => timeMs <= verdictMs)
    .toSorted((a, b) => b.timeMs - a.timeMs)
    .at(0);
  return newest === undefined ? [] : [newest.id];
}

/** The change nearest to the point at which the service's mean memory breaks best into two lines. */
export function nearestToChangePoint({ changes, lives }: Facts): number[] {
  const series = meanMemory(lives);
  const point = bestBreak(series);
  if (point === null) return [];
  const nearest = changes.toSorted((a, b) => Math.abs(a.timeMs - point) - Math.abs(b.timeMs - point)).at(0);
  return nearest === undefined ? [] : [nearest.id];
}

interface Mean {
  timeMs: number;
  bytes: number;
}

const stepMs = 10 * 60_000;

function meanMemory(lives: readonly Life[]): Mean[] {
  const sums = new Map<number, { bytes: number; count: number }>();
  for (const { points } of lives) {
    for (const { timeMs, bytes } of points) {
      const at = Math.floor(timeMs / stepMs) * stepMs;
      const sum = sums.get(at) ?? { bytes: 0, count: 0 };
      sums.set(at, { bytes: sum.bytes + bytes, count: sum.count + 1 });
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([timeMs, { bytes, count }]) => ({ timeMs, bytes: bytes / count }));
}

/** The break with the least squares left by a line on each side. */
function bestBreak(series: readonly Mean[]): number | null {
  let best: { timeMs: number; left: number } | null = null;
  for (let at = 6; at < series.length - 6; at++) {
    const left = residual(series.slice(0, at)) + residual(series.slice(at));
    if (best === null || left < best.left) best = { timeMs: series[at].timeMs, left };
  }
  return best?.timeMs ?? null;
}

function residual(series: readonly Mean[]): number {
  const count = series.length;
  const [x0, y0] = [
    series.reduce((sum, { timeMs }) => sum + timeMs, 0) / count,
    series.reduce((sum, { bytes }) => sum + bytes, 0) / count,
  ];
  let [xx, xy, yy] = [0, 0, 0];
  for (const { timeMs, bytes } of series) {
    xx += (timeMs - x0) ** 2;
    xy += (timeMs - x0) * (bytes - y0);
    yy += (bytes - y0) ** 2;
  }
  return yy - (xx === 0 ? 0 : xy ** 2 / xx);
}
