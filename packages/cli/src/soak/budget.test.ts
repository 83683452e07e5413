import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ratcheted, readBudget, type Budget } from './budget.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-budget-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const budget = (routes: Record<string, number>): Budget => ({
  format: 'ebb.budget/1',
  routes: Object.fromEntries(Object.entries(routes).map(([route, bytesPerRequest]) => [route, { bytesPerRequest }])),
});

test('a budget goes down with what is measured, and never up', () => {
  const spent = [
    { route: 'GET /better', leaks: true, mostBytes: 40.2 },
    { route: 'GET /worse', leaks: true, mostBytes: 900 },
    { route: 'GET /mended', leaks: false, mostBytes: 12 },
    { route: 'GET /new', leaks: true, mostBytes: 7 },
  ];
  const before = budget({ 'GET /better': 100, 'GET /worse': 100, 'GET /mended': 100, 'GET /untouched': 5 });
  expect(ratcheted(before, spent)).toEqual(
    budget({ 'GET /better': 41, 'GET /mended': 0, 'GET /new': 7, 'GET /untouched': 5, 'GET /worse': 100 }),
  );
});

test('a file that is not there grants nothing, unless somebody named it', () => {
  const missing = join(folder, 'missing.json');
  expect(readBudget(missing, { optional: true })).toEqual(budget({}));
  expect(() => readBudget(missing, { optional: false })).toThrow(
    expect.objectContaining({ code: 'EBB_CLI_SOAK_BUDGET' }),
  );
});

test.each([
  ['{', 'JSON'],
  ['{}', 'format'],
  ['null', 'format'],
  ['{"format":"ebb.budget/1","routes":{"GET /a":{"bytesPerRequest":"many"}}}', 'GET /a'],
  ['{"format":"ebb.budget/1","routes":{"GET /a":{"bytesPerRequest":-1}}}', 'GET /a'],
  ['{"format":"ebb.budget/1","routes":{"GET /a":null}}', 'GET /a'],
])('%s is refused, with what is wrong', (text, told) => {
  const file = join(folder, 'budget.json');
  writeFileSync(file, text);
  expect(() => readBudget(file, { optional: true })).toThrow(told);
});
