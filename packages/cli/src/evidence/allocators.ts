import type { GrownSite } from '@ebb/capture';
import type { Finding, Frame } from '@ebb/heap';

/** What of a finding says where its memory may come from. */
export type Growing = Pick<Finding, 'growthBytes' | 'insertedAt' | 'holder' | 'sample'>;

/** A frame where a person would look for it, by source maps; null for what is no script. */
export type Locate = (frame: GrownSite['stack'][number]) => Frame | null;

/** A type that half of all programs have says nothing about where it is made. */
const ANYBODYS = new Set(
  'Object Array Map Set WeakMap WeakSet Promise Function Buffer Uint8Array Float64Array ArrayBuffer Date Error RegExp String string value'.split(
    ' ',
  ),
);

/** Of what grew at the finding in the same time; beyond the most it is something else that grows. */
const MOST_SHARE = 2;
const LEAST_SHARE = { type: 0.02, function: 0.1, file: 0.3 };
const STRENGTH = { type: 3, function: 2, file: 1 };

/**
 * Who allocates what each finding keeps: joins what grew by call site (from sampled allocations) with what holds it
 * (from snapshots). A site belongs to a finding only where two things fit.
 *
 * The place, the nearest first:
 * - `type`: the site's stack has a constructor of the type that piles up;
 * - `function`: it has a function of the file that adds to the holder, which begins before the line that adds;
 * - `file`: it has a function of the file in which the holder stands.
 *
 * The size: between two profiles the site grew by no more than twice what the finding grew by in that time (give or take
 * the sampling's error), and by no less than a share of it, which is the larger the weaker the place. What is kept has
 * often been allocated at several sites: the one with the nearest place counts, and of those the most grown one.
 *
 * A site goes to one finding at most, the one that it fits best. Where nothing fits, nothing is said: null.
 *
 * @param share of the findings' growth that fell into the time between the two profiles
 * @returns a stack for each finding, the allocating function first, or null
 */
export function allocators(
  findings: readonly Growing[],
  grown: readonly GrownSite[],
  share: number,
  locate: Locate,
): (Frame[] | null)[] {
  const sites = grown.map((site) => ({ site, frames: site.stack.flatMap((frame) => locate(frame) ?? []) }));
  const taken = new Set<GrownSite>();
  const answers: (Frame[] | null)[] = findings.map(() => null);
  for (const { site, frames, finding } of candidates(findings, sites, share)) {
    if (answers[finding] !== null || taken.has(site)) continue;
    taken.add(site);
    answers[finding] = frames;
  }
  return answers;
}

interface Candidate {
  readonly site: GrownSite;
  readonly frames: Frame[];
  readonly finding: number;
  readonly strength: number;
}

/** Every pair that fits, the best first. */
function candidates(
  findings: readonly Growing[],
  sites: readonly { site: GrownSite; frames: Frame[] }[],
  share: number,
): Candidate[] {
  const fitting = findings.flatMap((finding, index) =>
    sites.flatMap(({ site, frames }): Candidate[] => {
      const place = placeOf(finding, frames);
      if (place === null || !fitsInSize(finding, site, share, place)) return [];
      return [{ site, frames, finding: index, strength: STRENGTH[place] }];
    }),
  );
  return fitting.sort((a, b) => b.strength - a.strength || b.site.grownBytes - a.site.grownBytes);
}

function placeOf({ insertedAt, holder, sample }: Growing, frames: readonly Frame[]): keyof typeof STRENGTH | null {
  const made = sample.type !== '' && !ANYBODYS.has(sample.type);
  if (made && frames.some((frame) => frame.function === sample.type)) return 'type';
  if (insertedAt !== null && frames.some(({ file, line }) => file === insertedAt.file && line <= insertedAt.line)) {
    return 'function';
  }
  return frames.some(({ file }) => file === holder.location?.file) ? 'file' : null;
}

function fitsInSize(
  { growthBytes = 0 }: Growing,
  { grownBytes, samples }: GrownSite,
  share: number,
  place: keyof typeof STRENGTH,
): boolean {
  const expectedBytes = growthBytes * share;
  const error = 1 + 2 / Math.sqrt(Math.max(1, samples));
  return grownBytes <= MOST_SHARE * expectedBytes * error && grownBytes * error >= LEAST_SHARE[place] * expectedBytes;
}
