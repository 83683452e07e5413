import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ICruiseResult } from 'dependency-cruiser';
import { afterEach, expect, test } from 'vitest';
import { mayImport } from '../.dependency-cruiser.mjs';

// A layer check that finds nothing is silent whether it works or not. So the repository's own configuration judges
// small trees that break each rule, built the way the real one is: packages linked into node_modules, entered through
// their exports, resolving to dist/.

const repository = fileURLToPath(new URL('..', import.meta.url));
const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true });
});

/** Builds a repository of all packages in the table, with `files` added, and returns "rule: from -> to" for each violation. */
function violationsIn(files: Record<string, string>): string[] {
  const tree = mkdtempSync(join(tmpdir(), 'ebb-layers-'));
  trees.push(tree);
  const all: Record<string, string> = { ...files };
  for (const name of Object.keys(mayImport)) {
    all[`packages/${name}/package.json`] = JSON.stringify({
      name: `@ebb/${name}`,
      type: 'module',
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    });
    all[`packages/${name}/dist/index.js`] = 'export const here = 1;\n';
    all[`packages/${name}/dist/index.d.ts`] = 'export declare const here: number;\n';
    all[`packages/${name}/src/index.ts`] ??= 'export const here: number = 1;\n';
  }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
  mkdirSync(join(tree, 'node_modules/@ebb'), { recursive: true });
  for (const name of Object.keys(mayImport)) {
    symlinkSync(join(tree, 'packages', name), join(tree, 'node_modules/@ebb', name));
  }
  const depcruise = join(repository, 'node_modules/.bin/depcruise');
  const config = join(repository, '.dependency-cruiser.mjs');
  const roots = [...new Set(Object.keys(all).map((file) => file.split('/')[0] ?? ''))];
  const run = spawnSync(process.execPath, [depcruise, '--config', config, '--output-type', 'json', ...roots], {
    cwd: tree,
    encoding: 'utf8',
  });
  if (run.stdout === '') throw new Error(`dependency-cruiser said nothing: ${run.stderr}`);
  const { summary } = JSON.parse(run.stdout) as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort();
}

test('a tree that keeps the rules passes', () => {
  expect(
    violationsIn({
      'packages/agent/src/index.ts': "import { here } from '@ebb/trend';\nexport const there: number = here;\n",
      'packages/cli/src/index.ts': "export { here } from '@ebb/heap';\n",
      'examples/shop/src/app.ts': "import { here } from '@ebb/heap';\nconsole.log(here);\n",
    }),
  ).toEqual([]);
});

test('an import against the layers is found, by package name and by relative path', () => {
  const violations = violationsIn({
    'packages/heap/src/index.ts': "export { here } from '@ebb/cli';\n",
    'packages/trend/src/index.ts': "export { here } from '../../capture/src/index.ts';\n",
  });
  expect(violations).toContain('heap-imports-only-itself: packages/heap/src/index.ts -> packages/cli/dist/index.d.ts');
  expect(violations).toContain(
    'trend-imports-only-itself: packages/trend/src/index.ts -> packages/capture/src/index.ts',
  );
});

test('an import of a type alone is held against the layers too', () => {
  expect(
    violationsIn({
      'packages/agent/src/index.ts': "import type { here } from '@ebb/heap';\nexport type A = typeof here;\n",
    }),
  ).toEqual(['agent-imports-only-trend-capture: packages/agent/src/index.ts -> packages/heap/dist/index.d.ts']);
});

test('a circle is found, also one of types alone', () => {
  const violations = violationsIn({
    'packages/heap/src/a.ts': "import { b } from './b.ts';\nexport const a = (): number => b();\n",
    'packages/heap/src/b.ts': "import { a } from './a.ts';\nexport const b = (): number => a();\n",
    'packages/trend/src/c.ts': "import type { D } from './d.ts';\nexport interface C { d: D }\n",
    'packages/trend/src/d.ts': "import type { C } from './c.ts';\nexport interface D { c: C }\n",
  });
  expect(violations).toEqual([
    'no-circular: packages/heap/src/a.ts -> packages/heap/src/b.ts',
    'no-circular: packages/trend/src/c.ts -> packages/trend/src/d.ts',
  ]);
});

test('a package entered past its index is found, from a package and from an example', () => {
  const inner = 'packages/trend/src/slope.ts';
  const violations = violationsIn({
    [inner]: 'export const slope = 1;\n',
    'packages/agent/src/index.ts': "export { slope } from '../../trend/src/slope.ts';\n",
    'examples/shop/src/app.ts': "import { slope } from '../../../packages/trend/src/slope.ts';\nconsole.log(slope);\n",
  });
  expect(violations).toEqual([
    `outsiders-enter-packages-by-their-index: examples/shop/src/app.ts -> ${inner}`,
    `packages-are-entered-by-their-index: packages/agent/src/index.ts -> ${inner}`,
  ]);
});

test('shipped code that imports a test, a fixture or an npm package it must do without is found', () => {
  const violations = violationsIn({
    'node_modules/left-pad/package.json': JSON.stringify({ name: 'left-pad', main: 'index.js' }),
    'node_modules/left-pad/index.js': 'module.exports = 1;\n',
    'packages/trend/src/a.test.ts': 'export const a = 1;\n',
    'packages/trend/src/fixtures/b.ts': 'export const b = 1;\n',
    'packages/trend/src/index.ts': "export { a } from './a.test.ts';\nexport { b } from './fixtures/b.ts';\n",
    'packages/heap/src/index.ts': "import pad from 'left-pad';\nexport const padded: unknown = pad;\n",
  });
  expect(violations).toEqual([
    'no-npm-dependencies: packages/heap/src/index.ts -> node_modules/left-pad/index.js',
    'shipped-code-imports-no-tests: packages/trend/src/index.ts -> packages/trend/src/a.test.ts',
    'shipped-code-imports-no-tests: packages/trend/src/index.ts -> packages/trend/src/fixtures/b.ts',
  ]);
});

test('an import that cannot be resolved is an error, since it cannot be judged', () => {
  expect(violationsIn({ 'packages/heap/src/index.ts': "export { gone } from './gone.ts';\n" })).toEqual([
    'every-import-resolves: packages/heap/src/index.ts -> ./gone.ts',
  ]);
});

test('a package that is missing in the table is asked for its line', () => {
  expect(
    violationsIn({
      'packages/newcomer/src/index.ts': "import { readFileSync } from 'node:fs';\nexport { readFileSync };\n",
    }),
  ).toEqual(['package-stands-in-the-table: packages/newcomer/src/index.ts -> fs']);
});

test('the table has no circle: nothing points back up', () => {
  const reaches = (name: string, seen: readonly string[] = []): boolean =>
    (mayImport[name] ?? []).some((next) => seen.includes(next) || reaches(next, [...seen, next]));
  for (const name of Object.keys(mayImport)) expect([name, reaches(name, [name])]).toEqual([name, false]);
});

test('what detects leaks and reads the list of versions known to leak is found', () => {
  expect(
    violationsIn({
      'packages/cli/src/audit/leaky-versions.ts': 'export const leaks: readonly string[] = [];\n',
      'packages/cli/src/watch/watch.ts':
        "import { leaks } from '../audit/leaky-versions.ts';\nexport const known: number = leaks.length;\n",
      'packages/cli/src/commands/audit.ts':
        "import { leaks } from '../audit/leaky-versions.ts';\nexport const known: number = leaks.length;\n",
    }),
  ).toEqual([
    'only-the-audit-knows-names: packages/cli/src/watch/watch.ts -> packages/cli/src/audit/leaky-versions.ts',
  ]);
});
