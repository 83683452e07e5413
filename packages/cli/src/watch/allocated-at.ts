import { grownSites } from '@ebb/capture';
import { MapFolder, SourceFiles, type Finding } from '@ebb/heap';
import { allocators, type Locate } from '../evidence/allocators.ts';
import type { CapturedSnapshot } from '../evidence/events.ts';
import type { SeriesProfiles } from './profiles.ts';

/** Adds to the findings who allocates what they keep, where two profiles were taken and something in them fits. */
export function withAllocators<F extends Finding>(
  findings: readonly F[],
  captures: readonly CapturedSnapshot[],
  profiles: SeriesProfiles,
  code: CodePlace,
): F[] {
  const { span } = profiles;
  const [first, last] = [captures[0], captures.at(-1)];
  if (span === null || first === undefined || last === undefined) return [...findings];
  const grown = grownSites(span.first.profile, span.last.profile);
  const found = allocators(findings, grown, shareOf(span, { first, last }), locator(code));
  return findings.map((finding, index) => ({ ...finding, allocatedAt: found[index] ?? finding.allocatedAt }));
}

/** Where a program's code is. */
export interface CodePlace {
  readonly cwd: string;
  /** The folder of its source maps that are on no disk; null where there is none. */
  readonly sourceMaps: string | null;
}

interface Work {
  readonly takenAtMs: number;
  readonly requests: number | null;
}

/** Of the work between the snapshots, what was done between the profiles: by requests where there were any, else by time. */
function shareOf(part: { first: Work; last: Work }, whole: { first: Work; last: Work }): number {
  const byRequests = requestsIn(part) / requestsIn(whole);
  if (Number.isFinite(byRequests) && byRequests > 0) return byRequests;
  return (part.last.takenAtMs - part.first.takenAtMs) / (whole.last.takenAtMs - whole.first.takenAtMs);
}

function requestsIn({ first, last }: { first: Work; last: Work }): number {
  return (last.requests ?? 0) - (first.requests ?? 0);
}

/** As the findings' own locations are told: paths rather than URLs, and sources rather than what was made of them. */
export function locator({ cwd, sourceMaps }: CodePlace): Locate {
  const sources = new SourceFiles({ cwd, maps: sourceMaps === null ? undefined : new MapFolder(sourceMaps) });
  return ({ function: name, url, line, column }) => {
    if (url === '' || line < 1) return null;
    const file = sources.pathOf(url);
    return { function: name, ...sources.original(file, line - 1, column - 1) };
  };
}
