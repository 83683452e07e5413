import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JsonLinesFile } from './json-lines.ts';

let folder: string;
let file: JsonLinesFile<{ n: number }>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'json-lines-'));
  file = new JsonLinesFile(join(folder, 'records.jsonl'));
});
afterEach(() => rm(folder, { recursive: true }));

async function readAll(): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { n } of file.read()) numbers.push(n);
  return numbers;
}

test('a file that is not there has no records', async () => {
  expect(await readAll()).toEqual([]);
  expect(await file.readLast(3)).toEqual([]);
});

test('records come back in order, the last ones newest first', async () => {
  await file.append({ n: 1 }, { n: 2 });
  await file.append({ n: 3 });
  expect(await readAll()).toEqual([1, 2, 3]);
  expect(await file.readLast(2)).toEqual([{ n: 3 }, { n: 2 }]);
});

test('a line that a crash cut off is skipped, and so is the one that the window cuts', async () => {
  await file.append({ n: 1 }, { n: 2 }, { n: 3 });
  await appendFile(file.path, '{"n": 4');
  expect(await readAll()).toEqual([1, 2, 3]);
  expect(await file.readLast(10, 18)).toEqual([{ n: 3 }]);
});
