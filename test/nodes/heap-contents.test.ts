// Each Node writes a snapshot of a program with one of everything that `contents` tells, and the same Node reads it with
// what is shipped (dist/). What V8 calls things, how large its tables are and whether holes show differs from one to the next.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeapContents, Place } from '@ebb/heap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const heap = new URL('../../packages/heap/', import.meta.url);
const program = fileURLToPath(new URL('src/fixtures/programs/contents.cjs', heap));
const folder = mkdtempSync(join(tmpdir(), 'ebb-contents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs on the Node under test: analyses the file that it is given and prints what it holds. */
const reader = `
import { analyzeSnapshots } from '${new URL('dist/index.js', heap).href}';
const { contents } = await analyzeSnapshots([process.argv[1]], { contents: true });
console.log(JSON.stringify(contents));
`;

const isHeldBy = (path: Place[], name: string): boolean => path.some(({ edge }) => edge === name);

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  let printed: string;
  let contents: HeapContents;
  beforeAll(() => {
    const file = join(folder, `${major}.heapsnapshot`);
    execFileSync(node, ['--expose-gc', program, file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const args = ['--input-type=module', '-e', reader, file];
    printed = execFileSync(node, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    contents = JSON.parse(printed) as HeapContents;
  });

  test('classes are told with their number and the line of their constructor', () => {
    const session = contents.classes.find(({ type }) => type === 'Session');
    expect(session).toMatchObject({ objects: 3000, location: { file: program, line: 10 } });
    expect(session?.retainedBytes).toBeGreaterThan(session?.shallowBytes ?? Infinity);
    const objects = contents.classes.reduce((sum, row) => sum + row.objects, contents.otherClasses.objects);
    expect(objects).toBeLessThanOrEqual(contents.totals.objects);
    const bytes = contents.classes.reduce((sum, row) => sum + row.shallowBytes, contents.otherClasses.shallowBytes);
    expect(bytes).toBe(contents.totals.bytes);
    expect(contents.totals.byKind.reduce((sum, kind) => sum + kind.bytes, 0)).toBe(contents.totals.bytes);
  });

  test('duplicated strings by what holds them, and long ones with a doubt', () => {
    const { references, groups } = contents.duplicatedStrings;
    expect(references.slice(0, 2).map(({ reference, copies, texts }) => [reference, copies, texts])).toEqual([
      ['Session.tags[]', 3000, 2],
      ['Session.role', 3000, 3],
    ]);
    expect(groups.filter(({ bytesEach }) => bytesEach > 3000)).toMatchObject([{ copies: 2, certain: false }]);
  });

  test('buffers, and the slabs that small ones keep', () => {
    const { largest, slabs } = contents.buffers;
    expect(largest.find(({ path }) => isHeldBy(path, 'uploads'))).toMatchObject({ bytes: 3_900_000, buffers: 3 });
    expect(largest.find(({ path }) => isHeldBy(path, 'samples'))).toMatchObject({ type: 'Float64Array' });
    expect(slabs).toMatchObject([{ slabs: 200, views: 200 }]);
    expect(isHeldBy(slabs[0].path, 'pieces')).toBe(true);
  });

  test('what has more room than content, and nothing that has not', () => {
    const found = contents.overAllocated.collections.map(({ name, cause, used, slots }) => [name, cause, used, slots]);
    expect(found).toEqual([
      ['expired', 'deleted', 11_000, 32_768],
      ['slots', 'gaps', 100, 50_000],
    ]);
  });

  test('the scope that a small callback keeps, and the context of vm', () => {
    const kept = contents.keptContexts.find(({ closures }) => closures[0].name === 'onTick');
    expect(kept).toMatchObject({ contexts: 1, variables: [{ name: 'report' }, { name: 'total' }] });
    expect(contents.extraGlobals).toHaveLength(1);
    expect(isHeldBy(contents.extraGlobals[0].path, 'sandbox')).toBe(true);
  });

  test('a treemap of the whole', () => {
    expect(contents.treemap.retainedBytes).toBe(contents.totals.bytes);
    expect(JSON.stringify(contents.treemap)).toContain('"name":"pieces"');
  });

  test('no contents of strings, and no keys', () => {
    expect(printed).not.toMatch(/SECRET|LLLL/u);
  });
});
