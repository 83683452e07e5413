/** The processes of one version of a service, judged together: pure. */
import type { Verdict } from '@ebb/trend';

/** What is asked of a process to judge its version. */
export interface PooledProcess {
  id: number;
  verdict: Verdict;
  suspicious: boolean;
  bytesPerSecond: number | null;
  secondsToLimit: number | null;
  secondsToLimitSoonest: number | null;
  secondsToLimitLatest: number | null;
}

/** What a version's processes say together. */
export interface Pooled {
  processes: number;
  verdicts: Record<Verdict, number>;
  /** The gravest of the processes' verdicts. */
  verdict: Verdict;
  /**
   * Whether `leak` or `native` is more than the false alarms that so many processes bring by themselves: each judge is
   * wrong once in a thousand series that don't grow.
   */
  confirmed: boolean;
  /** Median over the processes that run out, or over all where none does; null when none of them tells its growth. */
  bytesPerSecond: number | null;
  /** Of the process that is nearest to its limit, among those that run out; null when none does. */
  secondsToLimit: number | null;
  secondsToLimitInterval: [soonest: number | null, latest: number | null] | null;
  /** The processes that run out while most of the version's do not: look for what is different about them. */
  odd: number[];
}

const grave: readonly Verdict[] = ['clean', 'bounded', 'warming', 'native', 'leak'];
const falseLeakRate = 0.001;
/** Fewer processes have no majority to be odd against. */
const fewestSiblings = 3;

/** Whether the verdict says that the process runs out. */
export function runsOut(verdict: Verdict): boolean {
  return verdict === 'leak' || verdict === 'native';
}

/** Judges the processes of a version together. */
export function pool(processes: readonly PooledProcess[]): Pooled {
  const verdicts: Record<Verdict, number> = { clean: 0, warming: 0, bounded: 0, leak: 0, native: 0 };
  for (const { verdict } of processes) verdicts[verdict] += 1;
  const verdict = grave.findLast((name) => verdicts[name] > 0) ?? 'warming';
  const out = processes.filter((process) => runsOut(process.verdict));
  const nearest = out
    .filter((process) => process.secondsToLimit !== null)
    .sort((a, b) => (a.secondsToLimit ?? 0) - (b.secondsToLimit ?? 0))
    .at(0);
  return {
    processes: processes.length,
    verdicts,
    verdict,
    confirmed: out.length > 0 && chanceOfAtLeast(out.length, processes.length * falseLeakRate) <= falseLeakRate,
    bytesPerSecond: median((out.length > 0 ? out : processes).flatMap(({ bytesPerSecond }) => bytesPerSecond ?? [])),
    secondsToLimit: nearest?.secondsToLimit ?? null,
    secondsToLimitInterval:
      nearest === undefined ? null : [nearest.secondsToLimitSoonest, nearest.secondsToLimitLatest],
    odd: processes.length >= fewestSiblings && out.length * 2 < processes.length ? out.map(({ id }) => id) : [],
  };
}

/** The chance of `count` or more events where `mean` are expected (Poisson). */
export function chanceOfAtLeast(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let i = 0; i < count; i++) {
    below += term;
    term *= mean / (i + 1);
  }
  return Math.max(0, 1 - below);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
