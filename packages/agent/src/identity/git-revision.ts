/**
 * The commit that is checked out, read from the files of `.git`: no process is started, and no git need be installed.
 *
 * `.git` is a folder, or a file `gitdir: PATH` in worktrees and submodules; a worktree's refs lie in the common folder
 * that its `commondir` names. `HEAD` holds the commit, or `ref: refs/heads/NAME`; that ref is a file of its own, or a
 * line of `packed-refs`. (gitrepository-layout(5). The reftable format of newer repositories is not read.)
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { ReadText } from './read-text.ts';

/** What is checked out. */
export interface GitRevision {
  /** The commit, 40 or 64 hexadecimal digits. */
  revision: string;
  /** The branch, or null for a detached HEAD. */
  branch: string | null;
}

const maxAncestors = 32;
const hash = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** The revision of the repository around `directory`; undefined where there is none that can be read. */
export function gitRevision(directory: string, read: ReadText): GitRevision | undefined {
  let place = directory;
  for (let i = 0; i < maxAncestors; i++) {
    const found = revisionIn(join(place, '.git'), place, read);
    if (found !== undefined) return found;
    const parent = dirname(place);
    if (parent === place) return undefined;
    place = parent;
  }
  return undefined;
}

function revisionIn(dotGit: string, place: string, read: ReadText): GitRevision | undefined {
  const link = /^gitdir: (.+)$/m.exec(read(dotGit) ?? '')?.[1]?.trim();
  const gitDirectory = link === undefined ? dotGit : isAbsolute(link) ? link : resolve(place, link);
  const head = read(join(gitDirectory, 'HEAD'))?.trim();
  if (head === undefined) return undefined;
  if (hash.test(head)) return { revision: head, branch: null };
  const ref = /^ref: (refs\/\S+)$/.exec(head)?.[1];
  if (ref === undefined || ref.split('/').includes('..')) return undefined;
  const common = read(join(gitDirectory, 'commondir'))?.trim();
  const directories = common === undefined ? [gitDirectory] : [gitDirectory, resolve(gitDirectory, common)];
  for (const directory of directories) {
    const revision = read(join(directory, ref))?.trim() ?? packed(read(join(directory, 'packed-refs')), ref);
    if (revision !== undefined && hash.test(revision)) return { revision, branch: ref.replace(/^refs\/heads\//, '') };
  }
  return undefined;
}

function packed(text: string | null, ref: string): string | undefined {
  return text
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`))
    ?.slice(0, -ref.length - 1);
}
