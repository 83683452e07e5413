// The examples of docs/guide/library.md, run as a reader would run them.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programFolder } from '../fixtures/programs/run-program.ts';

const packageRoot = join(import.meta.dirname, '../..');
const guide = readFileSync(join(packageRoot, '../../docs/guide/library.md'), 'utf8');
const examples = [...guide.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

const folder = programFolder();
const place = join(folder.root, 'reader');
afterAll(() => folder.stop());
beforeAll(async () => {
  const { files } = await folder.run('session-class.mjs');
  mkdirSync(join(place, 'node_modules/@ebb'), { recursive: true });
  symlinkSync(packageRoot, join(place, 'node_modules/@ebb/heap'));
  for (const file of files) copyFileSync(file, join(place, basename(file)));
});

/** What an example prints. */
async function run(at: number): Promise<string> {
  const file = join(place, `example-${at}.mjs`);
  writeFileSync(file, examples[at]);
  return (await promisify(execFile)(process.execPath, [file], { cwd: place })).stdout;
}

const printed = [
  { example: 'what leaks, and where', text: /sessions.*\nadded at .*session-class\.mjs:9\n$/ },
  { example: 'a summary and classes', text: /^\d+ bytes, written by Node\.js v\d+.*\n(\d+ × .* retain \d+ bytes\n)+$/ },
  {
    example: 'from a name to a line',
    text: /^without sessions, 900 .*\n.*store > sessions > Session\nadded at line 9, removed at 0 lines\n$/,
  },
  { example: 'a comparison', text: /^800 new, 0 gone, 100 kept; one of the new: \d+\n$/ },
  { example: 'pages and calling off', text: /^900 sessions listed\nEBB_HEAP_ABORTED\n$/ },
];

test.each(printed.map((row, at) => ({ ...row, at })))('$example', async ({ at, text }) => {
  expect(await run(at)).toMatch(text);
});

test('there are no examples that are not run', () => {
  expect(examples).toHaveLength(printed.length);
});
