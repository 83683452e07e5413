import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ebb, startEbb } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-up-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'rules.yaml');
const good = 'routes: [{ to: [chat] }]\nreceivers: { chat: { slack: { url: "http://127.0.0.1:9/x" } } }\n';
const check = ['up', '--rules', file, '--check-rules'];

test('rules are checked without a server, and without the secrets that they name', async () => {
  writeFileSync(file, `${good}heartbeat: { url_env: EBB_TEST_NOT_SET }\n`);
  const { code, stdout, stderr } = await ebb(check);
  expect([code, stdout.toString(), stderr]).toEqual([
    0,
    `${file}: 1 receiver, 1 route, 0 overrides, 0 inhibitions\n`,
    '',
  ]);
});

test('everything that is wrong is told at once, and the end is 2', async () => {
  writeFileSync(file, 'route: []\nlevels: { quiet: 5 }\n');
  const { code, stdout, stderr } = await ebb(check);
  expect([code, stdout.toString()]).toEqual([2, '']);
  expect(stderr.split('\n').slice(0, 4)).toEqual([
    'ebb: the rules cannot be used:',
    `${file}:1:1: there is no 'route' here; was 'routes' meant?`,
    `${file}:2:18: quiet: is a duration like 90s, 5m or 1h30m, from 1s to 7d (EBB_SERVER_RULES)`,
    '     mend what the message names; ebb up --check-rules looks again',
  ]);
  expect((await ebb(['up', '--rules', file, '--port', '0', '--data', folder])).code).toBe(2);
  expect((await ebb(['up', '--check-rules'])).stderr).toContain('--check-rules needs --rules FILE');
});

test('a running server reads its rules anew on SIGHUP, and only if they can be used', async () => {
  writeFileSync(file, good);
  const run = startEbb(['up', '--rules', file, '--port', '0', '--data', join(folder, 'data')]);
  const [, token = ''] = await run.says(/admin +(ebb_admin_\S+)/);
  const [, url = ''] = await run.says(/listening +(\S+)/);
  const names = async (): Promise<string> => {
    const response = await fetch(`${url}/api/v1/receivers`, { headers: { authorization: `Bearer ${token}` } });
    return ((await response.json()) as { name: string }[]).map(({ name }) => name).join();
  };
  expect(await names()).toBe('chat');
  writeFileSync(file, 'receivers: [');
  run.child.kill('SIGHUP');
  await run.says(/The rules before hold on/, 'stderr');
  expect(await names()).toBe('chat');
  writeFileSync(file, good.replaceAll('chat', 'team'));
  run.child.kill('SIGHUP');
  await run.says(/the rules were read anew/, 'stderr');
  expect(await names()).toBe('team');
  run.child.kill('SIGTERM');
  expect((await run.ended).code).toBe(0);
});
