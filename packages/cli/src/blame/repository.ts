/** The repository that a history is read of: its root, whether it is whole, what its revisions are called. */
import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { askGit, runGit } from './git.ts';

/** A repository. */
export interface Repository {
  /** Its top folder, real and absolute. */
  readonly root: string;
  /** Its history ends at some commit, and goes on elsewhere. */
  readonly isShallow: boolean;
}

/**
 * Finds the repository that a folder is in.
 *
 * @throws {CliError} EBB_CLI_BLAME_REPOSITORY, EBB_CLI_BLAME_GIT
 */
export async function openRepository(folder: string): Promise<Repository> {
  // execFile says ENOENT also of a working folder that is not there.
  if (!existsSync(folder))
    throw new CliError('EBB_CLI_BLAME_REPOSITORY', `there is no folder ${printable(resolve(folder))}`);
  const found = await runGit(folder, ['rev-parse', '--show-toplevel']);
  const top = found.stdout.trim();
  if (found.code !== 0 || top === '') {
    const said = found.stderr.trim().split('\n')[0] ?? '';
    const why = /not a git repository/u.test(said) ? '' : `: git says '${printable(said)}'`;
    throw new CliError('EBB_CLI_BLAME_REPOSITORY', `${printable(resolve(folder))} is in no git repository${why}`);
  }
  const root = realpathSync(top);
  if ((await askGit(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])) === null)
    throw new CliError('EBB_CLI_BLAME_REPOSITORY', `the repository ${printable(root)} has no commit yet`);
  const shallow = await askGit(root, ['rev-parse', '--is-shallow-repository']);
  return { root, isShallow: shallow?.trim() === 'true' };
}

/** The commit that a revision, a tag or a version names; null where the repository has none. */
export async function commitOf({ root }: Repository, name: string): Promise<string | null> {
  if (name === '' || name.includes('\0')) return null;
  // A version is a tag in most repositories, with a v or without.
  for (const one of [name, `refs/tags/${name}`, `refs/tags/v${name}`]) {
    const found = await askGit(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${one}^{commit}`]);
    const commit = found?.trim().split('\n').at(-1) ?? '';
    if (/^[0-9a-f]{40,64}$/u.test(commit)) return commit;
  }
  return null;
}

/**
 * A path relative to the root, with slashes.
 *
 * @throws {CliError} EBB_CLI_BLAME_PLACE where it leads out of the repository
 */
export function pathWithin({ root }: Repository, file: string, from: string): string {
  const absolute = resolve(from, file);
  // A file that is not there any more may still be reached through a link to the repository.
  const real = existsSync(absolute) ? realpathSync(absolute) : absolute;
  const path = relative(root, real);
  if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
    throw new CliError('EBB_CLI_BLAME_PLACE', `${printable(file)} is outside of the repository ${printable(root)}`);
  return path.split(sep).join('/');
}

/**
 * What a file was called at a commit: its path of now, or the one that it was renamed from since; null where it was not
 * there.
 */
export async function pathAt({ root }: Repository, path: string, commit: string): Promise<string | null> {
  const isThere = async (one: string): Promise<boolean> =>
    (await askGit(root, ['cat-file', '-t', '--end-of-options', `${commit}:${one}`]))?.trim() === 'blob';
  if (await isThere(path)) return path;
  const told = await askGit(root, ['diff', '-z', '--name-status', '--find-renames', commit, 'HEAD', '--']);
  const words = (told ?? '').split('\0');
  for (let at = 0; at < words.length; at += /^[RC]/u.test(words[at] ?? '') ? 3 : 2) {
    const [status = '', before = '', after = ''] = words.slice(at, at + 3);
    if (status.startsWith('R') && after === path) return before;
  }
  return null;
}
