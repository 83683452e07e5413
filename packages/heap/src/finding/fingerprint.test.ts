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

const leak: LeakIdentity = { unit: 'shop:src/store.ts', scope: 'SessionStore', symbol: 'sessions', kind: 'collection' };

test('the file, the scope, the name and the kind each tell two leaks apart', () => {
  const all = [
    leak,
    { ...leak, unit: 'shop:src/cart.ts' },
    { ...leak, scope: 'module' },
    { ...leak, symbol: 'carts' },
    { ...leak, kind: 'listener' as const },
    { ...leak, unit: '' },
  ].map(fingerprintOf);
  expect(new Set(all).size).toBe(all.length);
});
