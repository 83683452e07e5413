import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SERVER_ERRORS } from './registry.ts';

test('every code of the list is used, and every code used is in the list', () => {
  const source = join(import.meta.dirname, '..');
  const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('registry.ts'))
    .map((file) => readFileSync(join(source, file), 'utf8'))
    .join('\n');
  expect([...new Set(text.match(/EBB_SERVER_[A-Z_]+/g))].sort()).toEqual(Object.keys(SERVER_ERRORS).sort());
});
