/** The files that are reviewed: those of a change, by git, or all of the tree. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { CliError } from '../errors/cli-error.ts';

/** One file that is reviewed. */
export interface SourceFile {
  /** Its real, absolute path. */
  readonly file: string;
  /** Relative to the root, with slashes. */
  readonly repoPath: string;
  /** Its path at the base, where it was there; renamed files had another. */
  readonly basePath: string | null;
}

/** What is reviewed. */
export interface Tree {
  /** The repository's root, or the folder where there is no repository. */
  readonly root: string;
  /** The commit that `base` names; null for the whole tree. */
  readonly base: string | null;
  readonly files: readonly SourceFile[];
}

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/u;
const NOT_IN_PRODUCTION =
  /\.d\.[cm]?ts$|\.(?:test|spec|stories|config)\.[cm]?[jt]sx?$|(?:^|\/)(?:__tests__|__mocks__|fixtures|node_modules|dist|build|coverage|vendor)\//u;

/**
 * The files of a tree, or of the change since `base`: what was added or changed in commits, in the index and in the
 * working tree, and new files that git does not ignore.
 *
 * @throws {CliError} EBB_CLI_REVIEW_BASE when there is no such revision, or no repository to look for it
 */
export function readTree(folder: string, base: string | undefined): Tree {
  const here = realpathSync(resolve(folder));
  const root = git(here, ['rev-parse', '--show-toplevel'])?.trim();
  if (base === undefined) {
    if (root === undefined) return { root: here, base: null, files: entries(here, here, walk(here)) };
    const listed = git(here, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']) ?? '';
    return { root, base: null, files: entries(root, here, listed.split('\0')) };
  }
  if (root === undefined) {
    throw new CliError('EBB_CLI_REVIEW_BASE', `'${base}' cannot be looked up: ${here} is in no git repository`, {
      next: 'review the whole tree (leave --base out), or run it where the history is',
    });
  }
  // --end-of-options: a revision is never taken for an option of git's.
  const named = git(here, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${base}^{commit}`])?.trim();
  if (!named) throw new CliError('EBB_CLI_REVIEW_BASE', `'${base}' names no commit of ${root}`);
  // What the change did, not what others did on the base since.
  const commit = git(here, ['merge-base', named, 'HEAD'])?.trim() ?? named;
  const changed = git(here, ['diff', '-z', '--name-status', '--find-renames', '--diff-filter=d', commit, '--', '.']);
  const added = git(here, ['ls-files', '-z', '--others', '--exclude-standard']) ?? '';
  const files = [...changedFiles(changed ?? '', root), ...entries(root, here, added.split('\0'))].filter(
    ({ repoPath }) => isSource(repoPath),
  );
  return { root, base: commit, files };
}

/** The text of a file at the base; null where it was not there. */
export function textAtBase({ root, base }: Tree, { basePath }: SourceFile): string | null {
  if (base === null || basePath === null) return null;
  return git(root, ['show', '--end-of-options', `${base}:${basePath}`]) ?? null;
}

function isSource(path: string): boolean {
  return SOURCE.test(path) && !NOT_IN_PRODUCTION.test(path);
}

function entries(root: string, from: string, paths: readonly string[]): SourceFile[] {
  return paths.flatMap((path) => {
    const file = join(from, path);
    const repoPath = relative(root, file).split(sep).join('/');
    return path !== '' && isSource(repoPath) && isPlainFile(file) ? [{ file, repoPath, basePath: null }] : [];
  });
}

/** Links are not followed: what they lead to is reviewed where it stands, or stands outside. */
function isPlainFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** `M\0path\0`, `R090\0old\0new\0`, as `git diff -z --name-status` tells. */
function changedFiles(told: string, root: string): SourceFile[] {
  const words = told.split('\0');
  const files: SourceFile[] = [];
  for (let at = 0; at + 1 < words.length; at++) {
    const status = words[at];
    const basePath = words[++at];
    const repoPath = /^[RC]/u.test(status) ? words[++at] : basePath;
    const file = join(root, repoPath);
    if (isPlainFile(file)) files.push({ file, repoPath, basePath: status === 'A' ? null : basePath });
  }
  return files;
}

function* walkBelow(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walkBelow(root, path);
    else if (entry.isFile()) yield relative(root, path);
  }
}

function walk(root: string): string[] {
  return [...walkBelow(root, root)];
}

/** What git prints, or undefined where it fails: no repository, no such revision, no git. */
function git(cwd: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

/** The text of a file on disk. */
export function textOf({ file }: SourceFile): string {
  return readFileSync(file, 'utf8');
}
