import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SnapshotStore, sweepAbandonedSnapshots } from './snapshot-store.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-store-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const small = { pid: 1, threadId: 0, heapUsedBytes: 1000, rssBytes: 1000, rssLimitBytes: null };

test('snapshots live in a folder of their own that nobody else may enter, and go with it', async () => {
  const store = new SnapshotStore(null);
  const file = await store.place(small);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  writeFileSync(file, 'x');
  store.discard([file]);
  expect(existsSync(file)).toBe(false);
  store.remove();
  expect(existsSync(dirname(file))).toBe(false);
});

test('snapshots that are to be kept are kept, under names that do not repeat', async () => {
  const store = new SnapshotStore(join(folder, 'new', 'folder'));
  const files = [await store.place(small), await store.place({ ...small, threadId: 3 })];
  expect(new Set(files).size).toBe(2);
  for (const file of files) writeFileSync(file, 'x');
  store.discard(files);
  store.remove();
  expect(files.map(existsSync)).toEqual([true, true]);
});

test('a heap that would not fit on the disk or in memory is not written', async () => {
  const store = new SnapshotStore(folder);
  await expect(store.place({ ...small, heapUsedBytes: 1e18 })).rejects.toMatchObject({ code: 'EBB_CLI_NO_ROOM' });
  await expect(
    store.place({ ...small, heapUsedBytes: 50e6, rssBytes: 90e6, rssLimitBytes: 200e6 }),
  ).rejects.toMatchObject({ code: 'EBB_CLI_NO_MEMORY' });
});

test('what a killed watch left behind is removed by the next one; that of a living one is not', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const [left, living, foreign] = [`ebb-watch-${dead}-abc`, `ebb-watch-${process.pid}-abc`, `other-${dead}-abc`].map(
    (name) => join(folder, name),
  );
  for (const directory of [left, living, foreign]) mkdirSync(directory);
  sweepAbandonedSnapshots(folder);
  expect([left, living, foreign].map((directory) => existsSync(directory))).toEqual([false, true, true]);
});
