import { siteKey, type AllocationFrame, type AllocationProfile } from './allocation-profile.ts';

/** A call site of which more was alive at the end than at the beginning. */
export interface GrownSite {
  /** From the allocating function outwards. */
  stack: AllocationFrame[];
  grownBytes: number;
  /**
   * How many samples that growth rests on, at least. The estimate's error is about one over its root: with 25 samples,
   * a fifth.
   */
  samples: number;
}

/**
 * What grew between two profiles of one sampling, the most grown first. Sites that are not told in one of the profiles
 * count as what they can have had at most there, so that none grows by falling out of a list.
 *
 * Garbage is in neither: a profile is taken after a collection. What a program turns over (requests in flight, caches
 * that are full) is in both, and falls out.
 *
 * @param leastSamples what rests on fewer is left out; default 4: an error of a half
 */
export function grownSites(first: AllocationProfile, last: AllocationProfile, leastSamples = 4): GrownSite[] {
  const before = new Map(first.sites.map(({ stack, liveBytes }) => [siteKey(stack), liveBytes]));
  const leastTold = first.otherBytes > 0 ? (first.sites.at(-1)?.liveBytes ?? 0) : 0;
  const unseenBytes = Math.min(leastTold, first.otherBytes);
  return last.sites
    .map(({ stack, liveBytes }): GrownSite => {
      const grownBytes = liveBytes - (before.get(siteKey(stack)) ?? unseenBytes);
      return { stack, grownBytes, samples: Math.floor(grownBytes / last.intervalBytes) };
    })
    .filter(({ samples }) => samples >= leastSamples)
    .sort((a, b) => b.grownBytes - a.grownBytes);
}
