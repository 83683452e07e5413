import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { Cart, discardDrafts, draft, login } from './fixtures/sessions.ts';
import { leftoversText } from './leftover.ts';
import { Stocktaking } from './stocktaking.ts';

const names = (prefix: string): string[] => Array.from({ length: 40 }, (_, at) => `${prefix} ${String(at)}`);
const ownCart = new Cart();
const temporary = mkdtempSync(join(tmpdir(), 'ebb-module-state-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

test('what a module keeps of a test file is told, with its place', async () => {
  const stock = new Stocktaking({ moduleState: true });
  for (const user of names('user')) login(user);
  const left = await stock.end();
  expect(left).toEqual([
    { kind: 'state', what: expect.stringMatching(/Map.*, 40 more than before$/u), count: 1, at: expect.any(String) },
  ]);
  expect(left[0].at).toContain('leftovers/fixtures/sessions.ts:');
  expect(leftoversText(left)).toMatch(/^ {2}\S.*Map.*, 40 more than before, at \S+sessions\.ts:\d+:\d+$/u);
}, 120_000);

test('state that was emptied again, and that of the test file itself, is none that is left behind', async () => {
  const stock = new Stocktaking({ moduleState: true });
  for (const text of names('draft')) draft(text);
  for (const product of names('product')) ownCart.add(product);
  discardDrafts();
  expect(await stock.end()).toEqual([]);
}, 120_000);

test('a stocktaking that is stopped leaves no snapshots', () => {
  vi.stubEnv('TMPDIR', temporary);
  const stock = new Stocktaking({ moduleState: true });
  expect(readdirSync(temporary)).toHaveLength(1);
  stock.stop();
  expect(readdirSync(temporary)).toEqual([]);
}, 60_000);
