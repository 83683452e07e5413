import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readText } from './read-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-read-text-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('plain files by their whole path are read, up to a size', () => {
  const file = join(folder, 'app.js');
  writeFileSync(file, 'text');
  expect(readText(file, 4)).toBe('text');
  expect(readText(file, 3)).toBeUndefined();
  expect(readText('app.js', 4)).toBeUndefined();
  expect(readText(join(folder, 'none.js'), 4)).toBeUndefined();
});

test('a device or a folder that a snapshot names as its script is not read', () => {
  for (const file of ['/dev/zero', '/dev/null', folder]) expect(readText(file, 1e6)).toBeUndefined();
});
