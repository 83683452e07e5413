// Contents of strings, and keys that are data, stand in programs of the fixtures as SECRET…: they must not come out.
import { afterAll, expect, test } from 'vitest';
import { openFile } from '../fixtures/opened.ts';
import { programFolder } from '../fixtures/programs/run-program.ts';
import { describeContents } from './describe-contents.ts';

const folder = programFolder();
afterAll(() => folder.stop());

test.each([
  'buffers.mjs',
  'dictionary.mjs',
  'emitter.mjs',
  'keys-callbacks.mjs',
  'keys-reply.mjs',
  'keys-tenants.mjs',
  'strings.mjs',
])('of %s, what a heap holds is told without data', async (program) => {
  const { files } = await folder.run(program, { points: [400] });
  const contents = describeContents(openFile(files[0]));
  expect(contents.classes.length).toBeGreaterThan(50);
  expect(JSON.stringify(contents)).not.toContain('SECRET');
});
