// `ebb mcp` as a process: what it prints, and when it ends. What its tools answer is in mcp.test.ts.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bin, node, program, startEbb } from '../fixtures/run-ebb.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-mcp-process-')));
const files = ['snapshots/1.heapsnapshot', 'snapshots/2.heapsnapshot', 'snapshots/3.heapsnapshot'];
const file = files[2] ?? '';
const shop = join(root, 'leaky-shop.mjs');

beforeAll(() => {
  mkdirSync(join(root, 'snapshots'));
  cpSync(program('leaky-shop.mjs'), shop);
  expect(spawnSync(node, ['--expose-gc', shop, join(root, 'snapshots'), 'secret']).status).toBe(0);
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('the process', () => {
  const say = (id: number, method: string, params: object): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
  const hello = say(1, 'initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  });

  test('says nothing but the protocol on standard output, and ends with its input, in the middle of work too', async () => {
    const run = startEbb(['mcp', '--root', root]);
    run.child.stdin?.write(hello);
    await run.says(/"serverInfo":\{"name":"ebb"/u);
    run.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    run.child.stdin?.write(say(2, 'tools/call', { name: 'summary', arguments: { file } }));
    await run.says(/"heapBytes":/u);
    run.child.stdin?.write(say(3, 'tools/call', { name: 'analyze', arguments: { files } }));
    run.child.stdin?.end(say(4, 'tools/call', { name: 'summary', arguments: { file: files[0] } }));
    const { code, signal, stdout, stderr } = await run.ended;
    expect([code, signal, stderr]).toEqual([0, null, '']);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { jsonrpc: string }).jsonrpc)).toEqual(lines.map(() => '2.0'));
  });

  test('ends when nobody reads its answers any more', async () => {
    const run = startEbb(['mcp', '--root', root]);
    run.child.stdin?.write(hello);
    await run.says(/"serverInfo"/u);
    run.child.stdout?.destroy();
    run.child.stdin?.write(say(2, 'tools/list', {}));
    expect((await run.ended).code).toBe(0);
  });

  test('ends at once where its input has ended already, and with 2 where the root is no folder', async () => {
    const run = startEbb(['mcp', '--root', root]);
    run.child.stdin?.end();
    expect((await run.ended).code).toBe(0);
    const wrong = await startEbb(['mcp', '--root', shop]).ended;
    expect([wrong.code, wrong.stdout.length]).toEqual([2, 0]);
    expect(wrong.stderr).toContain('EBB_CLI_ROOT');
  });

  test('that only prints help does not load the SDK', () => {
    const hook = `data:text/javascript,import { registerHooks } from 'node:module'; registerHooks({ resolve(specifier, context, next) { if (/modelcontextprotocol|zod/.test(specifier)) console.log('LOADED ' + specifier); return next(specifier, context); } });`;
    for (const args of [['--help'], ['mcp', '--help']]) {
      const help = spawnSync(node, ['--import', hook, bin, ...args], { encoding: 'utf8' });
      expect(help.stdout).toContain('mcp');
      expect(help.stdout).not.toContain('LOADED');
    }
    const served = spawnSync(node, ['--import', hook, bin, 'mcp', '--root', root], { encoding: 'utf8', input: '' });
    expect(served.stdout).toContain('LOADED @modelcontextprotocol/server');
  });
});
