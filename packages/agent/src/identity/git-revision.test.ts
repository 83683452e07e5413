import { describe, expect, it } from 'vitest';
import { gitRevision } from './git-revision.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const reader =
  (files: Record<string, string>) =>
  (file: string): string | null =>
    files[file] ?? null;

describe('gitRevision', () => {
  it('reads the branch that is checked out, from a folder below', () => {
    const files = { '/r/.git/HEAD': 'ref: refs/heads/main\n', '/r/.git/refs/heads/main': `${commit}\n` };
    expect(gitRevision('/r/packages/app', reader(files))).toEqual({ revision: commit, branch: 'main' });
  });

  it('reads a detached HEAD, as after a checkout by a build machine', () => {
    expect(gitRevision('/r', reader({ '/r/.git/HEAD': commit }))).toEqual({ revision: commit, branch: null });
  });

  it('finds a branch that has been packed', () => {
    const files = {
      '/r/.git/HEAD': 'ref: refs/heads/feature/x',
      '/r/.git/packed-refs': `# pack-refs with: peeled\n${'f'.repeat(40)} refs/heads/x\n${commit} refs/heads/feature/x\n`,
    };
    expect(gitRevision('/r', reader(files))).toEqual({ revision: commit, branch: 'feature/x' });
  });

  it('follows a worktree to the common folder', () => {
    const files = {
      '/w/.git': 'gitdir: /r/.git/worktrees/w\n',
      '/r/.git/worktrees/w/HEAD': 'ref: refs/heads/topic',
      '/r/.git/worktrees/w/commondir': '../..\n',
      '/r/.git/refs/heads/topic': commit,
    };
    expect(gitRevision('/w', reader(files))).toEqual({ revision: commit, branch: 'topic' });
  });

  it('follows a submodule by its relative path', () => {
    const files = { '/r/sub/.git': 'gitdir: ../.git/modules/sub', '/r/.git/modules/sub/HEAD': commit };
    expect(gitRevision('/r/sub', reader(files))?.revision).toBe(commit);
  });

  it.each([
    ['there is none', {}],
    ['HEAD is garbage', { '/r/.git/HEAD': 'garbage' }],
    ['the branch has no commit yet', { '/r/.git/HEAD': 'ref: refs/heads/main' }],
    ['the branch leads elsewhere', { '/r/.git/HEAD': 'ref: refs/../../etc/passwd', '/r/etc/passwd': commit }],
    ['the ref holds no commit', { '/r/.git/HEAD': 'ref: refs/heads/x', '/r/.git/refs/heads/x': 'secret' }],
  ])('says nothing where %s', (_, files) => {
    expect(gitRevision('/r', reader(files))).toBeUndefined();
  });

  it('reads this repository as git itself does', async () => {
    const { execFileSync } = await import('node:child_process');
    const { readText } = await import('./read-text.ts');
    const told = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    expect(gitRevision(import.meta.dirname, readText)?.revision).toBe(told);
  });
});
