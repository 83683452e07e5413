import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { program } from '../fixtures/run-ebb.ts';
import { locator } from './allocated-at.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const file = program('leak.mjs');
const frame = { function: 'remember', url: pathToFileURL(file).href, line: 46, column: 1 };

test('a place in a script that was made in memory is one in its source, where its map is at hand', () => {
  const map = join(folder, `${file}.map`);
  mkdirSync(dirname(map), { recursive: true });
  const mappings = `${';'.repeat(40)}AAAA${';AACA'.repeat(20)}`;
  writeFileSync(map, JSON.stringify({ version: 3, sources: ['leak.mjs'], names: [], mappings }));
  const cwd = dirname(file);
  expect(locator({ cwd, sourceMaps: folder })(frame)).toMatchObject({ function: 'remember', file, line: 6 });
  expect(locator({ cwd, sourceMaps: null })(frame)).toMatchObject({ file, line: 46 });
});

test('what is of no script has no place', () => {
  expect(locator({ cwd: '/', sourceMaps: null })({ ...frame, url: '' })).toBeNull();
});
