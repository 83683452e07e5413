/**
 * Which commits may have brought a leak: those that touched the culprit's place, ranked.
 *
 * 1. Where the culprit stands at the version that leaks; for installed code, which package it is.
 * 2. Who touched it: `git blame` of the line, `git log -L` of its function, patches of the file that add to what holds
 *    the memory or take out what removes from it; lock files for a package.
 * 3. Each way of touching has a weight; a commit between the version that was still and the one that leaks comes before
 *    all that were there already. A rank is a reason to look, and no proof.
 */
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import type { Commit } from './commit.ts';
import { dependencyTouches, packageOf } from './dependency.ts';
import { askGit } from './git.ts';
import { ownersAt } from './owners.ts';
import { commitUrl, pullRequestOf, webPlaceOf, type PullRequest } from './pull-request.ts';
import { commitOf, pathAt, pathWithin, type Repository } from './repository.ts';
import { touchesOf, touchKinds, type Place, type Touch, type TouchKind } from './touches.ts';

/** What is asked. */
export interface Question {
  readonly places: readonly { readonly role: Place['role']; readonly file: string; readonly line: number | null }[];
  /** What relative files are relative to. */
  readonly folder: string;
  /** What the program calls what holds the memory; null where that is not known. */
  readonly holder: string | null;
  /** The last that did not grow, and the first that did: revisions, tags or versions. Null: nobody says. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether a person named them; what telemetry named may be gone from the repository, and is told without. */
  readonly isNamed: boolean;
}

/** A commit with what speaks for it. */
export interface BlamedCommit extends Commit {
  readonly reasons: readonly { readonly kind: TouchKind; readonly text: string }[];
  /** Whether it came after `from`; null where that is not known. */
  readonly isBetween: boolean | null;
  readonly url: string | null;
  readonly pullRequest: PullRequest | null;
}

/** What came of it. */
export interface Blame {
  readonly from: { readonly name: string; readonly commit: string } | null;
  readonly to: { readonly name: string; readonly commit: string };
  readonly places: readonly (Place & { readonly functionName: string | null })[];
  /** The installed package that the culprit belongs to. */
  readonly package: string | null;
  /** Who owns the file, by CODEOWNERS at `to`. */
  readonly owners: readonly string[];
  /** What the reader has to know about the history. */
  readonly notes: readonly string[];
  /** The most telling first. */
  readonly commits: readonly BlamedCommit[];
  /** How many touched the file and are not told. */
  readonly more: number;
}

const mostCommits = 10;
const weights: Readonly<Record<TouchKind, number>> = {
  dependency: 60,
  'inserted-line': 50,
  removal: 45,
  inserts: 40,
  creates: 30,
  'holder-line': 25,
  function: 20,
  file: 5,
};
/** More than all ways of touching together. */
const betweenWeight = 1000;

/**
 * Names the commits.
 *
 * @throws {CliError} EBB_CLI_BLAME_PLACE, EBB_CLI_BLAME_REVISION, EBB_CLI_BLAME_GIT
 */
export async function blame(repository: Repository, question: Question): Promise<Blame> {
  const { root } = repository;
  const notes = repository.isShallow
    ? ['the clone is shallow: older commits are not in it, and the oldest that is seems to have written everything']
    : [];
  const to = (await revision(repository, question, 'to', notes)) ?? (await head(repository));
  const from = await revision(repository, question, 'from', notes);
  const within = from === null ? null : await commitsBetween(repository, { from, to, notes });
  const { places, packageName } = await placesOf(repository, question, { at: to.commit, notes });
  const touches: Touch[] = [];
  const told: Blame['places'][number][] = [];
  for (const place of places) {
    const found = await touchesOf(root, place, { at: to.commit, holder: question.holder });
    touches.push(...found.touches);
    notes.push(...found.notes);
    told.push({ ...place, functionName: found.functionName });
  }
  if (packageName !== null) {
    const range = { at: to.commit, from: from?.commit ?? null };
    touches.push(...(await dependencyTouches(root, packageName, range)));
  }
  const ranked = rank(touches, within);
  const web = await webPlaceOf(root);
  const commits: BlamedCommit[] = [];
  for (const one of ranked.slice(0, mostCommits)) {
    const pullRequest = await pullRequestOf(root, one, { at: to.commit, web });
    commits.push({ ...one, url: commitUrl(web, one.commit), pullRequest });
  }
  const owned = told[0]?.path ?? (packageName === null ? null : 'package.json');
  return {
    ...{ from, to, places: told, package: packageName, notes, commits },
    owners: owned === null ? [] : await ownersAt(root, to.commit, owned),
    more: Math.max(0, ranked.length - mostCommits),
  };
}

async function revision(
  repository: Repository,
  question: Question,
  which: 'from' | 'to',
  notes: string[],
): Promise<{ name: string; commit: string } | null> {
  const name = question[which];
  if (name === null) return null;
  const commit = await commitOf(repository, name);
  if (commit !== null) return { name, commit };
  const why = repository.isShallow
    ? 'the clone is shallow: `git fetch --unshallow --tags` brings the rest'
    : 'it was pushed over, or never fetched: `git fetch --all --tags`';
  const what = `'${printable(name)}' names no commit of ${printable(repository.root)}`;
  if (question.isNamed) throw new CliError('EBB_CLI_BLAME_REVISION', what, { next: why });
  notes.push(`${what} (${why}); ${which === 'to' ? 'HEAD is looked at' : 'the whole history is looked at'} instead`);
  return null;
}

async function head(repository: Repository): Promise<{ name: string; commit: string }> {
  return { name: 'HEAD', commit: (await commitOf(repository, 'HEAD')) ?? '' };
}

async function commitsBetween(
  { root }: Repository,
  { from, to, notes }: { from: { name: string; commit: string }; to: Blame['to']; notes: string[] },
): Promise<ReadonlySet<string>> {
  const listed = (await askGit(root, ['rev-list', `${from.commit}..${to.commit}`, '--'])) ?? '';
  const commits = new Set(listed.split('\n').filter((line) => line !== ''));
  if ((await askGit(root, ['merge-base', '--is-ancestor', from.commit, to.commit])) === null)
    notes.push(
      `${printable(from.name)} is no ancestor of ${printable(to.name)}: they stand on lines of their own, and commits of both may matter`,
    );
  else if (commits.size === 0)
    notes.push(`there is no commit between ${printable(from.name)} and ${printable(to.name)}`);
  return commits;
}

async function placesOf(
  repository: Repository,
  { places, folder }: Question,
  { at, notes }: { at: string; notes: string[] },
): Promise<{ places: Place[]; packageName: string | null }> {
  const found: Place[] = [];
  let packageName: string | null = null;
  for (const { role, file, line } of places) {
    const installed = packageOf(file);
    if (installed !== null) {
      packageName ??= installed;
      continue;
    }
    const path = pathWithin(repository, file, folder);
    const then = await pathAt(repository, path, at);
    if (then === null)
      throw new CliError('EBB_CLI_BLAME_PLACE', `there is no file ${printable(path)} at ${at.slice(0, 12)}`);
    if (then !== path) notes.push(`${path} was called ${then} at ${at.slice(0, 12)}`);
    if (!found.some((one) => one.path === then && one.line === line)) found.push({ role, path: then, line });
  }
  return { places: found, packageName };
}

/** One entry for a commit, with each reason once. */
function rank(
  touches: readonly Touch[],
  within: ReadonlySet<string> | null,
): Omit<BlamedCommit, 'url' | 'pullRequest'>[] {
  const byCommit = new Map<string, { commit: Commit; reasons: Map<string, Touch> }>();
  for (const touch of touches) {
    const entry = byCommit.get(touch.commit.commit) ?? { commit: touch.commit, reasons: new Map<string, Touch>() };
    entry.reasons.set(`${touch.kind} ${touch.text}`, touch);
    byCommit.set(touch.commit.commit, entry);
  }
  return [...byCommit.values()]
    .map(({ commit, reasons: all }) => {
      const reasons = [...all.values()]
        // That it changed the file is told only where nothing else is.
        .filter(({ kind }) => kind !== 'file' || all.size === 1)
        .sort((a, b) => touchKinds.indexOf(a.kind) - touchKinds.indexOf(b.kind))
        .map(({ kind, text }) => ({ kind, text }));
      const isBetween = within === null ? null : within.has(commit.commit);
      const kinds = new Set(reasons.map(({ kind }) => kind));
      const weight = [...kinds].reduce((sum, kind) => sum + weights[kind], isBetween === true ? betweenWeight : 0);
      return { weight, told: { ...commit, reasons, isBetween } };
    })
    .sort((a, b) => b.weight - a.weight || b.told.committedMs - a.told.committedMs)
    .map(({ told }) => told);
}
