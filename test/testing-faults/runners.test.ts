/**
 * What functions do that memory tests measure, in each test runner, and what a person is told. The table in
 * docs/testing-faults.md is what this test saw; `WRITE_FAULTS=1 node_modules/.bin/vitest run test/testing-faults` writes
 * it anew. The tests themselves stand in test/runners.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { run } from './run.ts';
import { holdTable, row } from './table.ts';

const fixtures = fileURLToPath(new URL('../runners/fixtures', import.meta.url));
const own = createRequire(import.meta.url);
const ofRunners = createRequire(join(fixtures, 'works.mjs'));
const root = mkdtempSync(join(tmpdir(), 'ebb-testing-faults-'));
const SLOW_MS = 480_000;

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Of each test its message; empty where it passed. */
type Results = Record<string, string>;

interface Runner {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where its report is; otherwise on standard output. */
  readonly report?: string;
  readonly read: (stdout: string) => Results;
}

interface JestReport {
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

const readJest = (stdout: string): Results => {
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as JestReport;
  return Object.fromEntries(
    testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, failureMessages }) => [title, failureMessages.join('\n')]),
    ),
  );
};

const runners: readonly Runner[] = [
  {
    name: 'vitest',
    args: [
      join(dirname(own.resolve('vitest/package.json')), 'vitest.mjs'),
      'run',
      '--reporter=json',
      `--outputFile.json=${join(root, 'vitest.json')}`,
      '--config',
      join(fixtures, 'vitest.config.mjs'),
    ],
    cwd: fixtures,
    report: join(root, 'vitest.json'),
    read: readJest,
  },
  {
    name: 'jest',
    args: [
      '--experimental-vm-modules',
      ofRunners.resolve('jest/bin/jest'),
      '--json',
      '--no-cache',
      '--config',
      'jest.config.mjs',
    ],
    cwd: fixtures,
    read: readJest,
  },
  {
    name: '`node:test`',
    args: ['--test', '--test-reporter=tap', 'node-test.mjs'],
    cwd: fixtures,
    read: (stdout) =>
      Object.fromEntries(
        [...stdout.matchAll(/^(not ok|ok) \d+ - (.+)\n([^]*?)^ {2}\.\.\.$/gmu)].map(
          ([, how, title = '', text = '']) => [title, how === 'ok' ? '' : text],
        ),
      ),
  },
  {
    name: 'mocha',
    args: [ofRunners.resolve('mocha/bin/mocha.js'), '--reporter', 'json', 'mocha.mjs'],
    cwd: fixtures,
    read: (stdout) => {
      const { tests } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
        tests: { title: string; err: { message?: string } }[];
      };
      return Object.fromEntries(tests.map(({ title, err }) => [title, err.message ?? '']));
    },
  },
  {
    name: 'Playwright',
    args: [ofRunners.resolve('@playwright/test/cli'), 'test', '--reporter=json', '--config', 'playwright.config.mjs'],
    cwd: fixtures,
    read: (stdout) => {
      const { suites } = JSON.parse(stdout) as {
        suites: { specs: { title: string; tests: { results: { error?: { message: string } }[] }[] }[] }[];
      };
      return Object.fromEntries(
        suites.flatMap(({ specs }) =>
          specs.map(({ title, tests }) => [title, tests[0]?.results[0]?.error?.message ?? '']),
        ),
      );
    },
  },
];

/** What each test of works.mjs does, and what is to stand in the message: nothing where the test passes. */
const works: Readonly<Record<string, { readonly does: string; readonly says: RegExp | null; readonly told: string }>> =
  {
    'keeps nothing': { does: 'keeps nothing', says: null, told: 'passes' },
    throws: { does: 'throws, at call 137', says: /the order 137 is unknown/u, told: 'fails with its own error' },
    hangs: {
      does: 'hangs, at call 70, while something goes on in the process',
      says: /call 70 of 'hangs' did not end within 0\.5 s \(EBB_TEST_STALLED\)\s+look for .*stallLimitMs/u,
      told: 'fails with `EBB_TEST_STALLED`',
    },
    'never settles': {
      does: 'never settles, at call 70',
      says: /call 70 of 'never settles' .* \((EBB_TEST_STALLED|EBB_TEST_NEVER_SETTLES)\)\s+look for/u,
      told: 'fails with `$1`',
    },
    'keeps until the end': {
      does: 'leaks on purpose, and cleans up when the test is over',
      says: /it leaks \d[^]*LEAK {3}kept \(Set\) in .*works\.mjs:\d+ keeps[^]*added +.*works\.mjs:/u,
      told: 'fails with the finding',
    },
    'cleans up late': { does: 'cleans up 100 ms after each call, within a budget of 1 KB', says: null, told: 'passes' },
    exits: {
      does: 'calls `process.exit(0)`, at call 90',
      says: /call 90 of 'exits' called process\.exit\(0\) \(EBB_TEST_EXITED\)\s+let it return/u,
      told: 'fails with `EBB_TEST_EXITED`',
    },
    forks: { does: 'forks a process in each call, within a budget of 4 KB', says: null, told: 'passes' },
    'fake timers': { does: 'is under fake timers', says: null, told: 'passes' },
  };

const seen: Record<string, string[]> = Object.fromEntries(Object.keys(works).map((name) => [name, []]));

it.each(runners)(
  'tests of $name that keep nothing, leak, throw, hang, clean up late, exit, fork, use fake timers',
  async ({ args, cwd, report, read }) => {
    const { code, stdout, stderr } = await run(args, cwd, { FAULTS: Object.keys(works).join(',') });
    const text = report === undefined ? stdout : readFileSync(report, 'utf8');
    const results = text.trim() === '' ? expect.fail(stderr) : read(text);
    expect(Object.keys(results).sort()).toEqual(Object.keys(works).sort());
    for (const [name, { says, told }] of Object.entries(works)) {
      const message = results[name] ?? '';
      if (says === null) expect(message, name).toBe('');
      else expect(message, name).toMatch(says);
      seen[name]?.push(told.replace('$1', says?.exec(message)?.[1] ?? ''));
    }
    expect(code).toBeGreaterThan(0);
  },
  SLOW_MS,
);

it('the table in the documentation is what was seen', () => {
  const rows = Object.entries(works).map(([name, { does }]) => row([does, ...(seen[name] ?? [])]));
  holdTable('In test runners', ['a function', ...runners.map(({ name }) => name)], rows);
});
