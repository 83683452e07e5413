/** The pull request that brought a commit, by what git keeps of it: the subject, or the commit that merged it. */
import { askGit } from './git.ts';
import { commitFormat, readCommits, type Commit } from './commit.ts';

/** A pull request, or a merge request. */
export interface PullRequest {
  readonly number: number;
  /** The branch that it came from, where the merge says so. */
  readonly branch: string | null;
  /** Who merged it, and when; null where it was squashed or rebased: then its commits are its author's. */
  readonly mergedBy: string | null;
  readonly mergedMs: number | null;
  /** Null where no remote tells where the repository is on the web. */
  readonly url: string | null;
}

/** Where a repository is on the web. */
export interface WebPlace {
  /** `https://github.com/acme/shop`, without a user, a password or a token that the remote may have in it. */
  readonly url: string;
  readonly kind: 'github' | 'gitlab' | 'bitbucket';
}

const mostMerges = 500;
const merged: readonly RegExp[] = [
  /^Merge pull request #(?<number>\d{1,9}) from (?<branch>\S+)/u,
  /^Merged in (?<branch>\S+) \(pull request #(?<number>\d{1,9})\)/u,
  /^Merge branch '(?<branch>[^']+)'[^]*See merge request \S*!(?<number>\d{1,9})/u,
];

/** Where the repository is on the web, by its remote; null where it is not. */
export async function webPlaceOf(root: string): Promise<WebPlace | null> {
  const names = ((await askGit(root, ['remote'])) ?? '').trim().split('\n');
  const name = names.includes('origin') ? 'origin' : (names[0] ?? '');
  if (name === '' || name.startsWith('-')) return null;
  return webPlace(((await askGit(root, ['remote', 'get-url', name])) ?? '').trim());
}

/** The same, of the address of a remote: `git@host:owner/name.git`, `ssh://…`, `https://…`. */
export function webPlace(remote: string): WebPlace | null {
  const [, scpHost, scpPath] = /^(?:[\w.-]+@)?([\w.-]{2,}):(?!\/\/|\d+\/)([\w./~-]+)$/u.exec(remote) ?? [];
  const text = scpHost === undefined ? remote : `ssh://${scpHost}/${scpPath ?? ''}`;
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port, pathname } = new URL(text);
  if (!['https:', 'http:', 'ssh:', 'git:'].includes(protocol) || hostname === '') return null;
  const path = pathname.replace(/^\/+|\/+$/gu, '').replace(/\.git$/u, '');
  if (!/^[\w.~-]+(?:\/[\w.~-]+)+$/u.test(path)) return null;
  const web = protocol === 'http:' || protocol === 'https:';
  const url = `${protocol === 'http:' ? 'http' : 'https'}://${hostname}${web && port !== '' ? `:${port}` : ''}/${path}`;
  const kind = hostname.includes('gitlab') ? 'gitlab' : hostname.includes('bitbucket') ? 'bitbucket' : 'github';
  return { url, kind };
}

/** Where a commit is on the web. */
export function commitUrl(web: WebPlace | null, commit: string): string | null {
  if (web === null) return null;
  return `${web.url}/${{ github: 'commit', gitlab: '-/commit', bitbucket: 'commits' }[web.kind]}/${commit}`;
}

function requestUrl(web: WebPlace | null, number: number): string | null {
  if (web === null) return null;
  return `${web.url}/${{ github: 'pull', gitlab: '-/merge_requests', bitbucket: 'pull-requests' }[web.kind]}/${number}`;
}

/** The pull request that brought a commit into the history of `at`; null where git keeps nothing of one. */
export async function pullRequestOf(
  root: string,
  { commit, subject }: Commit,
  { at, web }: { at: string; web: WebPlace | null },
): Promise<PullRequest | null> {
  // Squashed: GitHub puts the number at the end of the subject.
  const [, squashed] = /\(#(\d{1,9})\)$/u.exec(subject) ?? [];
  const alone = { branch: null, mergedBy: null, mergedMs: null };
  if (squashed !== undefined) return { number: Number(squashed), ...alone, url: requestUrl(web, Number(squashed)) };
  const printed = await askGit(root, [
    ...['log', commitFormat + '%B', '--merges', '--ancestry-path', '--topo-order', `${commit}..${at}`, '--'],
  ]);
  // The nearest first: it is at the end.
  for (const { commit: merge, rest } of readCommits(printed ?? '')
    .slice(-mostMerges)
    .reverse()) {
    const groups = merged.map((pattern) => pattern.exec(rest.trim())?.groups).find((found) => found !== undefined);
    if (groups === undefined) continue;
    // A merge after it, on the same line, brought something else.
    if ((await askGit(root, ['merge-base', '--is-ancestor', commit, `${merge.commit}^1`])) !== null) continue;
    const number = Number(groups['number']);
    const told = { branch: groups['branch'] ?? null, mergedBy: merge.author, mergedMs: merge.committedMs };
    return { number, ...told, url: requestUrl(web, number) };
  }
  return null;
}
