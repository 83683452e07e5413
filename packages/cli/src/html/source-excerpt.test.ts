import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { diskExcerpts } from './source-excerpt.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-excerpt-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const place = (name: string, line: number): { file: string; line: number; column: number } => {
  return { file: join(folder, name), line, column: 1 };
};

test('the lines around a place are told with their numbers, and end with the file', () => {
  writeFileSync(join(folder, 'app.ts'), 'one\ntwo\r\nthree\nfour\nfive');
  const excerpt = diskExcerpts();
  expect(excerpt(place('app.ts', 3))?.map(({ number, text }) => `${number} ${text}`)).toEqual([
    '1 one',
    '2 two',
    '3 three',
    '4 four',
    '5 five',
  ]);
  expect(excerpt(place('app.ts', 1))?.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(excerpt(place('app.ts', 6))).toBeNull();
});

test('what is no script is not read, whatever a snapshot says: keys, devices, folders, files of elsewhere', () => {
  writeFileSync(join(folder, 'id_rsa'), 'secret');
  writeFileSync(join(folder, '.env'), 'PASSWORD=secret');
  const excerpt = diskExcerpts();
  for (const file of ['id_rsa', '.env', 'missing.ts']) expect(excerpt(place(file, 1))).toBeNull();
  for (const file of ['/dev/zero', '/etc/passwd', 'relative.ts', 'node:events', 'https://ebb.invalid/app.js'])
    expect(excerpt({ file, line: 1, column: 1 })).toBeNull();
});

test('a file that is too large to be written by a person is not read', () => {
  writeFileSync(join(folder, 'bundle.js'), 'x'.repeat(4e6 + 1));
  expect(diskExcerpts()(place('bundle.js', 1))).toBeNull();
});
