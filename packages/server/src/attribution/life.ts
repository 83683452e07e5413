/** What is known of one life of a process: from its start to its end or to now. */
import type { GrowthPoint } from '@ebb/trend';

/** One life of a process. A process that was started anew has another one. */
export interface Life {
  /** Tells the processes of a service apart. */
  process: string;
  /** Empty where nobody tells it. */
  version: string;
  revision: string | null;
  startMs: number;
  /** When it was heard of last. */
  endMs: number;
  /** Floors, or RSS where nobody tells floors, in the order of time. */
  points: readonly GrowthPoint[];
  /** When its judge said first that it leaks or grows natively; null if it never did. */
  leakedAtMs: number | null;
  /** Of what its points tell, as its process told it last; absent where nobody told it. */
  limitBytes?: number;
}

/** Fewer requests than before: the count began anew, and so did the process. */
const leastFallen = 0.5;

/**
 * Cuts what a process told into its lives: where its count of requests falls, or at the start that it told last.
 *
 * @param points in the order of time
 */
export function cutIntoLives(
  points: readonly GrowthPoint[],
  { startedMs, firstSeenMs }: { startedMs: number | null; firstSeenMs: number },
): { startMs: number; points: readonly GrowthPoint[] }[] {
  const cuts = points.flatMap((point, at) => {
    const before = at === 0 ? undefined : points[at - 1];
    if (before === undefined) return [at];
    const startedBetween = startedMs !== null && startedMs > before.timeMs && startedMs <= point.timeMs;
    const counts = before.requests !== null && point.requests !== null;
    const fell = counts && (point.requests ?? 0) < (before.requests ?? 0) * leastFallen;
    return fell || startedBetween ? [at] : [];
  });
  return cuts.map((from, nth) => {
    const own = points.slice(from, cuts[nth + 1]);
    const first = own[0].timeMs;
    const after = from === 0 ? firstSeenMs : points[from - 1].timeMs;
    const told = startedMs !== null && startedMs <= first && (from === 0 || startedMs > after) ? startedMs : null;
    return { startMs: told ?? (from === 0 ? Math.min(firstSeenMs, first) : first), points: own };
  });
}
