import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A repository with releases in three lines: a leak was mended in 2.1.1 and, by a change of its own, in 1.4.2; 3.0.0 has
// the mend from its beginning. Another package of the same repository has tags of its own.
const root = mkdtempSync(join(tmpdir(), 'ebb-leaky-versions-'));
const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test', '-c', 'commit.gpgsign=false'];
const git = (...args: string[]): string => execFileSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' });
const commit = (subject: string, ...tags: string[]): void => {
  git('commit', '-q', '--allow-empty', '-m', subject);
  for (const tag of tags) git('tag', tag);
};
const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'leaky-versions.mjs'), root, ...args], { encoding: 'utf8' });

beforeAll(() => {
  git('init', '-q', '-b', 'main');
  commit('start', 'v1.0.0');
  commit('pool keeps connections', 'v1.4.0', 'v1.4.1');
  git('branch', 'v1');
  commit('two', 'v2.0.0', 'pool-cache@0.1.0');
  commit('faster', 'v2.1.0', 'v2.1.1-beta.0');
  commit('Fix memory LEAK of the pool (#12)', 'v2.1.1', 'pool-cache@0.1.1');
  commit('three', 'v3.0.0');
  commit('docs: how to find what leaked');
  git('checkout', '-q', 'v1');
  commit('[v1] Fix memory LEAK of the pool', 'v1.4.2');
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

test('each mend is drafted with the releases that lack it in every line, branches together', () => {
  const { status, stdout } = run('pool');
  expect(status).toBe(0);
  const [head, draft, ...rest] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^\d{4}-\d\d-\d\d [0-9a-f]{10} [0-9a-f]{10} Fix memory LEAK of the pool/u);
  expect(JSON.parse(draft ?? '')).toEqual({
    package: 'pool',
    affected: '>=1.0.0 <1.4.2 || >=2.0.0 <2.1.1',
    mended: ['1.4.2', '2.1.1'],
    from: 'major',
  });
  expect(rest).toEqual([]); // what no release waited for is no draft
});

test('tags with a prefix are the releases of one package of several, and words may be given', () => {
  const { stdout } = run('pool-cache', '--tag', 'pool-cache@', '--grep', 'memory');
  expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({ package: 'pool-cache', affected: '>=0.0.0 <0.1.1' });
  expect(run('pool', '--grep', 'no such words').stdout).toBe('');
});

test('without a folder and a package it says how it is used', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'leaky-versions.mjs')], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^usage: /u)]);
});
