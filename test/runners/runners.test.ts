import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, 'fixtures');
const { resolve } = createRequire(import.meta.url);
const SLOW_MS = 480_000;

/** Runs a test runner on its fixture: of its two tests one passes and one leaks. */
async function run(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((settle) => child.once('close', settle));
  return { code, text };
}

test.each([
  ['node:test', ['--test', '--test-reporter=tap', 'node-test.mjs'], /ok \d+ - drops/, /not ok \d+ - keeps/],
  ['mocha', [resolve('mocha/bin/mocha.js'), 'mocha.mjs'], /1 passing/, /1 failing/],
  [
    'jest',
    ['--experimental-vm-modules', resolve('jest/bin/jest'), '--config', 'jest.config.mjs', '--no-cache'],
    /✓ drops/,
    /✕ keeps/,
  ],
  [
    'Playwright',
    [resolve('@playwright/test/cli'), 'test', '--config', 'playwright.config.mjs'],
    /✓ .* drops/,
    /✘ .* keeps/,
  ],
])(
  '%s: what leaks fails with the finding, what does not passes',
  async (_name, args, passes, fails) => {
    const { code, text } = await run(args);
    expect(text).toMatch(passes);
    expect(text).toMatch(fails);
    expect(text).toMatch(/it leaks [\d.]+ B a call/);
    expect(text).toContain('kept (Set)');
    expect(code).not.toBe(0);
  },
  SLOW_MS,
);
