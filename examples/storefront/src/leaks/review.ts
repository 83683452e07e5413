import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findEbbCommand } from '../demo/ebb-command.ts';
import type { Change } from './changes.ts';

/** `ebb review` of a change, in a repository that has it as its last commit. Returns the exit code and the rules. */
export function reviewOf(change: Change, sources: string): { code: number | null; rules: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'storefront-review-'));
  try {
    const src = join(root, 'src');
    cpSync(sources, src, { recursive: true });
    linkTypes(root);
    git(root, 'init', '-q', '-b', 'main');
    for (const added of change.added) {
      const file = join(src, added.file);
      if ('from' in added) writeFileSync(file, without(readFileSync(file, 'utf8'), added));
      else rmSync(file);
    }
    commit(root);
    cpSync(sources, src, { recursive: true });
    writeFileSync(join(root, 'README.md'), 'the shop\n');
    commit(root);
    const args = [findEbbCommand(), 'review', root, '--base', 'HEAD~1', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (stdout === '') throw new Error(`ebb review said nothing: ${stderr}`);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string }[] };
    return { code: status, rules: findings.map(({ rule }) => rule) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The project's types: with them, the rules see more. */
function linkTypes(root: string): void {
  const express = createRequire(import.meta.url).resolve('express/package.json');
  symlinkSync(dirname(dirname(express)), join(root, 'node_modules'));
  writeFileSync(join(root, '.gitignore'), 'node_modules\n');
  const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, allowImportingTsExtensions: true };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
}

function without(text: string, { file, from, to, before }: { file: string; from: string; to: string; before: string }) {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  if (start === -1 || end === -1) throw new Error(`${file} has no passage from "${from}" to "${to}" any more`);
  return text.slice(0, start) + before + text.slice(end);
}

function commit(root: string): void {
  git(root, 'add', '.');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'the shop');
}

function git(root: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=shop', '-c', 'user.email=shop@example.test', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: root });
}
