/** Whether a setting changed anything, from repeated runs: pure. */

/** What one run was like. */
export interface RunFigures {
  /** The highest of the resident set while it was under load. */
  readonly peakRssBytes: number;
  /** CPU time of the service's processes divided by the requests. */
  readonly cpuMsPerRequest: number;
  readonly latencyP99Ms: number;
  /** Of the time, in garbage collection; 0 to 1. */
  readonly gcShare: number;
  readonly requestsPerSecond: number;
}

/** The figures that are held against each other. Less is better, but of requests. */
export const figures = ['peakRssBytes', 'cpuMsPerRequest', 'latencyP99Ms', 'gcShare', 'requestsPerSecond'] as const;

/** One of them. */
export type Figure = (typeof figures)[number];

/** A figure of several runs. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A figure with a setting and without. */
export interface Difference {
  readonly figure: Figure;
  readonly today: Spread;
  readonly with: Spread;
  /** The change of the median: 0.1 is a tenth more. Null where it was nothing before. */
  readonly share: number | null;
  /** Null: no difference measured. */
  readonly verdict: 'better' | 'worse' | null;
}

/** A smaller change is not worth a setting, however sure it is. */
const leastShare = 0.03;

/** Median, least and most. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median: median ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

/**
 * Holds runs against each other. There is a difference only where no run of one side is as good as any of the other: of
 * two times four runs without one, that happens by chance once in 35.
 */
export function compare(before: readonly RunFigures[], after: readonly RunFigures[]): Difference[] {
  return figures.map((figure) => {
    const [was, is] = [before, after].map((runs) => spreadOf(runs.map((run) => run[figure]))) as [Spread, Spread];
    const share = was.median === 0 ? null : is.median / was.median - 1;
    const apart = is.most < was.least || is.least > was.most;
    const enough =
      figure === 'gcShare' ? Math.abs(is.median - was.median) >= 0.005 : Math.abs(share ?? 1) >= leastShare;
    const more = is.median > was.median;
    const verdict = !apart || !enough ? null : more === (figure === 'requestsPerSecond') ? 'better' : 'worse';
    return { figure, today: was, with: is, share, verdict };
  });
}

/** Whether to take a setting: something became better, and nothing worse. */
export function isWorthIt(differences: readonly Difference[]): boolean {
  return (
    differences.some(({ verdict }) => verdict === 'better') && !differences.some(({ verdict }) => verdict === 'worse')
  );
}
