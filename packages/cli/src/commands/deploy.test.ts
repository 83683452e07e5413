import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from '@ebb/server';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../command-line.ts';

let server: Server;
const folder = mkdtempSync(join(tmpdir(), 'ebb-deploy-'));
beforeAll(async () => {
  server = await startServer({ database: { directory: folder }, port: 0 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  vi.stubEnv('EBB_SERVER', server.url);
  vi.stubEnv('EBB_TOKEN', server.firstTokens?.admin ?? '');
});

async function ebb(...args: string[]): Promise<{ exitCode: number; text: string }> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const exitCode = await runCommandLine(['deploy', ...args]);
  vi.restoreAllMocks();
  return { exitCode, text };
}

test('one line tells a deploy, and the list has it with its service', async () => {
  const told = ['--service', 'shop', '--version', '1.2', '--revision', '4f2c1d0aa96e', '--environment', 'production'];
  const at = new Date(Date.now() - 60_000).toISOString();
  expect(await ebb('record', ...told, '--link', 'https://ci.example.com/7', '--at', at)).toEqual({
    exitCode: 0,
    text: 'change 1 of shop: 1.2 to production\n',
  });
  expect(
    (await ebb('record', '--service', 'shop', '--kind', 'flag', '--summary', 'new-cart is on', '--json')).text,
  ).toBe('{"id":2}\n');
  // The same again is the same change.
  expect((await ebb('record', ...told, '--link', 'https://ci.example.com/7', '--at', at)).text).toMatch(/^change 1 /);
  const { text } = await ebb('list');
  expect(text.split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}flag {5}.*new-cart is on$/);
  expect(text.split('\n')[1]).toMatch(/deploy .* 1\.2 to production {2}4f2c1d0aa96e$/);
  expect(JSON.parse((await ebb('list', '--most', '1', '--json')).text)).toMatchObject({ changes: [{ kind: 'flag' }] });
  expect((await ebb('list', '--service', 'nobody')).text).toBe('no change is known\n');
});

test.each([
  [['record', '--version', '1'], 'EBB_CLI_MISSING_ARGUMENT'],
  [['record', '--service', 'shop', '--kind', 'sabotage'], 'EBB_CLI_BAD_VALUE'],
  [['record', '--service', 'shop', '--at', 'yesterday'], 'EBB_CLI_BAD_VALUE'],
  [['list', '--most', '0'], 'EBB_CLI_BAD_VALUE'],
  [['lists'], 'EBB_CLI_UNKNOWN_COMMAND'],
])('%j is refused', async (args, code) => {
  await expect(runCommandLine(['deploy', ...args])).rejects.toMatchObject({ code });
});
