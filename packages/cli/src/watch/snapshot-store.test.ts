import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SnapshotStore } from './snapshot-store.ts';
import { sweepAbandonedFolders, TemporaryFolder } from './temporary-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-store-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const small = { pid: 1, threadId: 0 };

test('snapshots live in a folder that nobody else may enter, and go when they are discarded or with it', () => {
  const temporary = new TemporaryFolder(folder);
  expect(statSync(temporary.path).mode & 0o777).toBe(0o700);
  const store = new SnapshotStore({ temporary: temporary.path, keep: null });
  const [first, second] = [store.place(small), store.place(small)];
  for (const file of [first, second]) writeFileSync(file, 'x');
  store.discard([first]);
  expect([first, second].map(existsSync)).toEqual([false, true]);
  temporary.remove();
  expect(existsSync(second)).toBe(false);
});

test('snapshots that are to be kept are kept, under names that do not repeat', () => {
  const store = new SnapshotStore({ temporary: folder, keep: join(folder, 'new', 'folder') });
  const files = [store.place(small), store.place({ ...small, threadId: 3 })];
  expect(new Set(files).size).toBe(2);
  for (const file of files) writeFileSync(file, 'x');
  store.discard(files);
  expect(files.map(existsSync)).toEqual([true, true]);
});

test('what a killed watch left behind is removed by the next one; that of a living one is not', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const names = [`ebb-watch-${dead}-abc`, `ebb-watch-${process.pid}-abc`, `other-${dead}-abc`];
  const folders = names.map((name) => join(folder, name));
  for (const directory of folders) mkdirSync(directory);
  sweepAbandonedFolders(folder);
  expect(folders.map(existsSync)).toEqual([false, true, true]);
});

test('a folder that cannot be made or used is told with its name', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const coded = expect.objectContaining({
    code: 'EBB_CLI_SNAPSHOT_DIRECTORY',
    message: expect.stringContaining(file) as string,
  }) as Error;
  expect(() => new TemporaryFolder(file)).toThrow(coded);
  expect(() => new SnapshotStore({ temporary: folder, keep: file })).toThrow(coded);
});

test('a folder that nothing can be made in is told at once, below /proc too', () => {
  const keep = '/proc/ebb/snapshots';
  expect(() => new SnapshotStore({ temporary: folder, keep })).toThrow(
    expect.objectContaining({ code: 'EBB_CLI_SNAPSHOT_DIRECTORY' }) as Error,
  );
});
