/** The commits that may have brought a leak, as `ebb deploy blame` found them where the repository is. */
import { utc } from '../pages/wording.ts';

/** A commit, with what speaks for it. */
export interface ToldCommit {
  commit: string;
  subject: string;
  author: string;
  coAuthors: string[];
  committedMs: number;
  /** The most telling first, a sentence each. */
  reasons: string[];
  /** Whether it came after the last version that did not grow; null where that is not known. */
  isBetween: boolean | null;
  /** `http:` or `https:`. */
  url: string | null;
  pullRequest: { number: number; url: string | null; mergedBy: string | null } | null;
}

/** What was found in the history of a repository. */
export interface ToldCommits {
  /** The last revision that did not grow; null where nobody knows it. */
  from: { name: string; commit: string } | null;
  /** The one that does. */
  to: { name: string; commit: string };
  places: { path: string; line: number | null }[];
  /** The installed package that the culprit belongs to. */
  package: string | null;
  /** Who owns the file, by CODEOWNERS. */
  owners: string[];
  /** What the reader has to know about the history: that it is shallow, that a revision is gone. */
  notes: string[];
  /** The most telling first. */
  commits: ToldCommit[];
}

/** The first of them in a sentence; that nobody touched it, where there is none. */
export function commitsSentence({ commits, places, package: installed, owners }: ToldCommits): string {
  const what = places[0]?.path ?? installed ?? 'it';
  const [first] = commits;
  if (first === undefined) return `no commit that touched ${what} was found`;
  const who = [first.author, ...first.coAuthors].join(', ');
  const request = first.pullRequest === null ? '' : `, pull request #${first.pullRequest.number}`;
  const owned = owners.length === 0 ? '' : `; ${owners.join(', ')} ${owners.length === 1 ? 'owns' : 'own'} it`;
  const between = first.isBetween === false ? ', which was there before it grew' : '';
  return `${commitName(first)} by ${who}${request}${between}: ${first.reasons.slice(0, 2).join(', ')}${owned}`;
}

/** `4f2c1d0aa96e (Sessions are kept), 2026-01-01 08:15 UTC`. */
function commitName({ commit, subject, committedMs }: ToldCommit): string {
  return `commit ${commit.slice(0, 12)} (${subject}), ${utc(committedMs)}`;
}
