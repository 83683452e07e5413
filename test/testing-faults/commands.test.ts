/**
 * What is wrong with workloads, services, sources and repositories, and what a person is told. The table in
 * docs/testing-faults.md is what this test saw; `WRITE_FAULTS=1 node_modules/.bin/vitest run test/testing-faults` writes
 * it anew.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { commandFaults, leaky, megabyte } from './command-faults.ts';
import { run } from './run.ts';
import { holdTable, row } from './table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const ebb = join(repository, 'packages/cli/bin/ebb.js');
const own = createRequire(import.meta.url);
const root = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-testing-faults-')));
const SLOW_MS = 480_000;

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const rows: string[] = [];
let folders = 0;

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

it.each(commandFaults)(
  'ebb $args.0: $does',
  async ({ does, args, files, before, code, says, told }) => {
    const folder = folderOf(files);
    before?.(folder);
    const ended = await run([ebb, ...args], folder);
    const all = `${ended.stdout}\n${ended.stderr}`;
    expect(all.trimStart()).toMatch(says);
    expect(ended.code).toBe(code);
    rows.push(row([`\`ebb ${args[0] ?? ''}\``, does, told, String(ended.code)]));
  },
  SLOW_MS,
);

interface LintMessage {
  readonly ruleId: string | null;
  readonly fatal?: boolean;
  readonly line: number;
  readonly message: string;
}

it.each([
  {
    does: 'code that is none',
    file: 'a.ts',
    text: 'export const a = 1;\nexport const = ;\n',
    code: 1,
    expected: { ruleId: null, line: 2 },
    told: "the parser's error, with the line",
  },
  {
    does: 'TypeScript whose types do not fit',
    file: 'store.ts',
    text: `const a: number = 'text';\n${leaky}`,
    code: 1,
    expected: { ruleId: 'ebb/no-unbounded-collection', line: 3 },
    told: 'what it has',
  },
  {
    does: 'a file of a megabyte',
    file: 'bundle.js',
    text: megabyte + leaky,
    code: 1,
    expected: { ruleId: 'ebb/no-unbounded-collection', line: 200_004 },
    told: 'what it has',
  },
])(
  'eslint: $does',
  async ({ does, file, text, code, expected, told }) => {
    const config = `import parser from '@typescript-eslint/parser';\nimport ebb from '@ebb/eslint-plugin';\nexport default [{ files: ['**/*.{js,ts}'], languageOptions: { parser } }, ebb.configs.recommended];\n`;
    const folder = folderOf({ [file]: text, 'eslint.config.mjs': config });
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    const bin = join(dirname(own.resolve('eslint/package.json')), 'bin/eslint.js');
    const ended = await run([bin, '--format', 'json', file], folder);
    expect(ended.stderr).toBe('');
    const [{ messages }] = JSON.parse(ended.stdout) as [{ messages: LintMessage[] }];
    expect(messages).toMatchObject([expected]);
    expect(ended.code).toBe(code);
    rows.push(row(['the rules, in ESLint', does, told, String(ended.code)]));
  },
  SLOW_MS,
);

it('the table in the documentation is what was seen', () => {
  holdTable('On the command line', ['command', 'what is wrong', 'what is told', 'exit code'], rows);
});
