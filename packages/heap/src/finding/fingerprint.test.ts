import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { programFolder } from '../fixtures/programs/run-program.ts';
import { analyze } from './analyze.ts';
import { fingerprintOf, type LeakIdentity } from './fingerprint.ts';

const folder = programFolder();
afterAll(() => folder.stop());

async function fingerprintsOf(program: string): Promise<string[]> {
  const { files } = await folder.run(program);
  const { findings } = analyze({ files, cwd: dirname(program), work: [], onProgress: () => undefined });
  return findings.map(({ fingerprint }) => fingerprint);
}

test('a leak has one fingerprint: in the next run, in another directory, and with its lines moved', async () => {
  const [here, there] = [folder.copy('session-class.mjs', 'here'), folder.copy('session-class.mjs', 'there/deeper')];
  const first = await fingerprintsOf(here);
  expect(first).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/)]);
  writeFileSync(there, `// A comment above.\n\n/* And another. */\n${readFileSync(there, 'utf8')}`);
  expect(await fingerprintsOf(there)).toEqual(first);
});

const leak: LeakIdentity = {
  location: { file: '/srv/shop/src/store.ts', line: 12, column: 3, repoPath: 'src/store.ts' },
  scope: 'SessionStore',
  symbol: 'sessions',
  kind: 'collection',
};
const inPackage = (file: string): LeakIdentity => ({ ...leak, location: { file, line: 1, column: 1 } });

test('neither the line nor the place of the repository is part of it', () => {
  const moved = { file: 'C:/shop/src/store.ts', line: 99, column: 1, repoPath: 'src/store.ts' };
  expect(fingerprintOf({ ...leak, location: moved })).toBe(fingerprintOf(leak));
});

test('the file, the scope, the name and the kind each tell two leaks apart', () => {
  const other = { file: '/srv/shop/src/cart.ts', line: 12, column: 3, repoPath: 'src/cart.ts' };
  const all = [
    leak,
    { ...leak, location: other },
    { ...leak, scope: 'module' },
    { ...leak, symbol: 'carts' },
    { ...leak, kind: 'listener' as const },
    { ...leak, location: null },
  ].map(fingerprintOf);
  expect(new Set(all).size).toBe(all.length);
});

test('a leak in an installed package is known by the package, wherever and in whatever layout it is installed', () => {
  const npm = fingerprintOf(inPackage('/srv/shop/node_modules/lru-cache/dist/index.js'));
  expect(fingerprintOf(inPackage('/app/node_modules/.pnpm/lru-cache@7.1.0/node_modules/lru-cache/index.js'))).toBe(npm);
  expect(fingerprintOf(inPackage('/srv/shop/node_modules/@types/lru-cache/index.js'))).not.toBe(npm);
});
