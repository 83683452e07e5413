import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliError } from './cli-error.ts';
import { describeError } from './describe.ts';
import { CLI_ERRORS, type CliErrorCode } from './registry.ts';

const source = join(import.meta.dirname, '..');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('registry'),
);
const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');

test('every code of the list is used, and every code used is in the list', () => {
  const used = new Set(text.match(/EBB_CLI_[A-Z_]+/gu));
  expect([...used].sort()).toEqual(Object.keys(CLI_ERRORS).sort());
});

test('every code says what it means and what to do next', () => {
  for (const { meaning, next } of Object.values(CLI_ERRORS)) {
    expect(meaning).toMatch(/^[A-Z].*\.$/u);
    expect(next).toMatch(/[^.]$/u);
  }
});

test('an error is told with its value, its code and what to do next', () => {
  const error = new CliError('EBB_CLI_COMMAND_NOT_FOUND', "the program 'nodd' was not found");
  expect(describeError(error)).toEqual({
    text: "ebb: the program 'nodd' was not found (EBB_CLI_COMMAND_NOT_FOUND)\n     check its spelling, or give its path",
    exitCode: 2,
  });
});

test('an error of another Ebb package is told with its code, as input that cannot be used', () => {
  const error = Object.assign(new Error("'a' is no heap snapshot"), { code: 'EBB_HEAP_NOT_A_SNAPSHOT' });
  expect(describeError(error)).toEqual({ text: "ebb: 'a' is no heap snapshot (EBB_HEAP_NOT_A_SNAPSHOT)", exitCode: 2 });
});

test('an error of another package that is not about the input ends with 3', () => {
  const error = Object.assign(new Error('the worker ran out of memory'), { code: 'EBB_HEAP_WORKER_FAILED' });
  expect(describeError(error).exitCode).toBe(3);
});

test('anything else is told as a bug of Ebb, with its stack', () => {
  const described = describeError(new TypeError('boom'));
  expect(described.text).toMatch(/TypeError: boom\n.*at .*EBB_CLI_INTERNAL/su);
  expect(described.exitCode).toBe(3 satisfies (typeof CLI_ERRORS)[CliErrorCode]['exitCode']);
});
