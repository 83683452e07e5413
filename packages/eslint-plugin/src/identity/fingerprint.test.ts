import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { fingerprintIn, fingerprintOf, unitOf } from './fingerprint.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(manifest: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-unit-'));
  folders.push(folder);
  mkdirSync(join(folder, 'src'));
  if (manifest !== undefined) writeFileSync(join(folder, 'package.json'), manifest);
  return folder;
}

test('a file is told by its package and the path in it, wherever the package is checked out', () => {
  const [here, there] = [folderWith('{"name":"shop"}'), folderWith('{"name":"shop"}')];
  expect(unitOf(join(here, 'src/store.ts'), '/')).toBe('shop:src/store.ts');
  expect(unitOf(join(there, 'src/store.ts'), '/')).toBe('shop:src/store.ts');
});

test('a file of an installed package is told by the name of the package', () => {
  expect(unitOf('/app/node_modules/got/dist/index.js', '/app')).toBe('got');
  expect(unitOf('/app/node_modules/a/node_modules/@scope/b/lib/c.js', '/app')).toBe('@scope/b');
});

test('a manifest that cannot be read gives no name', () => {
  expect(unitOf(join(folderWith('{'), 'src/store.ts'), '/')).toBe(':src/store.ts');
});

test('the fingerprint is read from the end of a message, and from nowhere else', () => {
  const fingerprint = fingerprintOf({
    unit: 'shop:src/store.ts',
    scope: 'Store',
    symbol: 'sessions',
    kind: 'collection',
  });
  expect(fingerprint).toMatch(/^[0-9a-f]{12}$/u);
  expect(fingerprintIn(`It grows. (leak ${fingerprint})`)).toBe(fingerprint);
  expect(fingerprintIn(`(leak ${fingerprint}) It grows.`)).toBeUndefined();
});
