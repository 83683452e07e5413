// The way back from a lost disk, as somebody at a shell goes it.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ebb, startEbb, type Run } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-backup-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const data = join(folder, 'data');
const file = join(folder, 'ebb.backup');

async function up(directory: string): Promise<{ run: Run; url: string; said: string }> {
  const run = startEbb(['up', '--port', '0', '--data', directory]);
  const { input: said, 1: url = '' } = await run.says(/listening +(\S+)/);
  return { run, url, said };
}

async function stop({ run }: { run: Run }): Promise<void> {
  run.child.kill('SIGTERM');
  expect((await run.ended).code).toBe(0);
}

test('one command backs up a server that runs, and one brings all of it back elsewhere', async () => {
  const server = await up(data);
  const [, admin = ''] = /^admin +(\S+)$/m.exec(server.said) ?? [];
  const at = (url: string): NodeJS.ProcessEnv => ({ EBB_SERVER: url, EBB_TOKEN: admin });
  const recorded = await ebb(['deploy', 'record', '--service', 'shop', '--version', '1.1'], at(server.url));
  expect(recorded.code).toBe(0);

  const made = await ebb(['backup', file, '--data', data]);
  expect([made.code, made.stderr, made.stdout.toString()]).toEqual([
    0,
    '',
    expect.stringMatching(/^backed up to \S+, /),
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // What came after it is not in it.
  await ebb(['deploy', 'record', '--service', 'shop', '--version', '1.2'], at(server.url));
  const again = await ebb(['backup', file, '--data', data]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('(EBB_SERVER_BACKUP_FILE)')]);
  await stop(server);
  rmSync(data, { recursive: true });

  const elsewhere = join(folder, 'elsewhere');
  const restored = await ebb(['restore', file, '--data', elsewhere]);
  expect([restored.code, restored.stdout.toString()]).toEqual([0, expect.stringMatching(/^restored to /)]);
  const later = await up(elsewhere);
  expect(later.said).not.toContain('ebb_admin_');
  const { code, stdout } = await ebb(['deploy', 'list', '--json'], at(later.url));
  const told = JSON.parse(stdout.toString()) as unknown;
  expect([code, JSON.stringify(told).match(/"version":"[^"]*"/g)]).toEqual([0, ['"version":"1.1"']]);
  await stop(later);

  const taken = await ebb(['restore', file, '--data', elsewhere]);
  expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('(EBB_SERVER_NOT_EMPTY)')]);
});

test('what is no backup, and where there is nothing to back up, is told with what to do next', async () => {
  const nothing = await ebb(['backup', join(folder, 'none'), '--data', join(folder, 'nowhere')]);
  expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('(EBB_SERVER_DATA_DIRECTORY)')]);
  expect(existsSync(join(folder, 'none'))).toBe(false);
  const target = join(folder, 'target');
  const damaged = await ebb(['restore', import.meta.filename, '--data', target]);
  expect([damaged.code, damaged.stderr]).toEqual([2, expect.stringContaining('(EBB_SERVER_BACKUP_DAMAGED)')]);
  expect(existsSync(target)).toBe(false);
});
