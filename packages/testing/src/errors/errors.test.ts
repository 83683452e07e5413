import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TEST_ERRORS } from './registry.ts';
import { TestError } from './test-error.ts';

const source = join(import.meta.dirname, '..');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('registry'),
);
const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');

test('every code of the list is used, and every code used is in the list', () => {
  const used = new Set(text.match(/EBB_TEST_[A-Z_]+/gu)?.filter((code) => code !== 'EBB_TEST_'));
  expect([...used].sort()).toEqual(Object.keys(TEST_ERRORS).sort());
});

test('every code says what it means and what to do next', () => {
  for (const { meaning, next } of Object.values(TEST_ERRORS)) {
    expect(meaning).toMatch(/^[A-Z].*\.$/u);
    expect(next).toMatch(/[^.]$/u);
  }
});

test('an error carries its code, what to do next, how the command ends, and its cause', () => {
  const cause = new Error('no such file');
  const error = new TestError('EBB_TEST_FILE_NOT_FOUND', "the workload 'x' does not exist", { cause });
  expect(error).toMatchObject({
    code: 'EBB_TEST_FILE_NOT_FOUND',
    exitCode: 2,
    next: TEST_ERRORS.EBB_TEST_FILE_NOT_FOUND.next,
    cause,
  });
});
