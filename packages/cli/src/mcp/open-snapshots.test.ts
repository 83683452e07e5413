import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '@ebb/heap';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { node } from '../fixtures/run-ebb.ts';
import { OpenSnapshots } from './open-snapshots.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-open-'));
const file = (name: string): string => join(folder, `${name}.heapsnapshot`);
beforeAll(() => {
  const made = spawnSync(node, ['-e', `require('node:v8').writeHeapSnapshot(${JSON.stringify(file('a'))})`]);
  expect(made.status).toBe(0);
  for (const name of ['b', 'c']) copyFileSync(file('a'), file(name));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const made: OpenSnapshots[] = [];
afterEach(async () => {
  for (const open of made.splice(0)) await open.close();
});

function openSnapshots(limits: { most?: number; mostBytes?: number; idleMs?: number }): OpenSnapshots {
  const open = new OpenSnapshots(
    { most: 2, mostBytes: 1e12, idleMs: 60_000, ...limits },
    { cwd: folder, allowStrings: false },
  );
  made.push(open);
  return open;
}

const ask = (open: OpenSnapshots, name: string): Promise<Snapshot> =>
  open.use(file(name), {}, (snapshot) => Promise.resolve(snapshot));

test('a snapshot is opened once for many questions, and again when its file was written again', async () => {
  const open = openSnapshots({});
  const [first, second] = await Promise.all([ask(open, 'a'), ask(open, 'a')]);
  expect(second).toBe(first);
  copyFileSync(file('b'), file('a'));
  expect(await ask(open, 'a')).not.toBe(first);
});

test('the one that was asked longest ago makes room', async () => {
  const open = openSnapshots({ most: 2 });
  const [a, b] = [await ask(open, 'a'), await ask(open, 'b')];
  expect(await ask(open, 'a')).toBe(a);
  await ask(open, 'c');
  expect(open.count).toBe(2);
  expect(await ask(open, 'a')).toBe(a);
  await expect(b.summary()).rejects.toMatchObject({ code: 'EBB_HEAP_CLOSED' });
});

test('within the memory that was granted: what does not fit beside others closes them, what never fits is refused', async () => {
  const { size } = statSync(file('a'));
  const open = openSnapshots({ most: 9, mostBytes: size * 2.5 * 1.5 });
  await ask(open, 'a');
  await ask(open, 'b');
  expect(open.count).toBe(1);
  const none = openSnapshots({ mostBytes: size * 2 });
  await expect(ask(none, 'a')).rejects.toMatchObject({ code: 'EBB_CLI_SNAPSHOT_TOO_LARGE' });
});

test('one that is being asked is not closed for another', async () => {
  const open = openSnapshots({ most: 1 });
  await open.use(file('a'), {}, async (snapshot) => {
    await expect(ask(open, 'b')).rejects.toMatchObject({ code: 'EBB_CLI_TOO_MANY_OPEN' });
    expect((await snapshot.summary()).objects).toBeGreaterThan(1000);
  });
  await ask(open, 'b');
});

test('nobody asks for a while: it is closed', async () => {
  const open = openSnapshots({ idleMs: 1 });
  await ask(open, 'a');
  await expect.poll(() => open.count).toBe(0);
  await ask(open, 'a');
});

test('an opening that nobody waits for any more ends; one that others wait for goes on', async () => {
  const open = openSnapshots({});
  const controller = new AbortController();
  const given = open.use(file('a'), { signal: controller.signal }, () => Promise.resolve('asked'));
  const other = ask(open, 'a');
  controller.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  expect((await (await other).summary()).file).toBe(file('a'));
  const alone = new AbortController();
  const left = open.use(file('b'), { signal: alone.signal }, () => Promise.resolve('asked'));
  alone.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(open.count).toBe(1);
});
