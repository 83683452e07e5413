// `ebb up` as a program: from its start to a signal, on every Node.js that the server runs on.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const bin = join(import.meta.dirname, '../../packages/cli/bin/ebb.js');
const folder = mkdtempSync(join(tmpdir(), 'ebb-up-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  told: string;
  code: number | null;
}

/** Starts `ebb up`, calls `use` when it listens, and ends it with a signal. */
async function up(
  node: string,
  args: string[],
  signal: NodeJS.Signals,
  use: (url: string) => Promise<void>,
): Promise<Run> {
  const child = spawn(node, [bin, 'up', '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let told = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (part: Buffer) => {
      told += part.toString();
      const found = /^listening\s+(\S+)\n/m.exec(told)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => reject(new Error(`it ended: ${told}`)));
  });
  try {
    await use(await url);
  } finally {
    child.kill(signal);
  }
  return { told, code: await ended };
}

const modern = availableNodes().filter(({ major }) => major >= 22);

test.each(modern)('on Node $major it starts, answers, and ends when it is told to', async ({ path, major }) => {
  const data = join(folder, `data${major}`);
  const health = async (url: string): Promise<void> => {
    expect(await (await fetch(`${url}/api/v1/health`)).json()).toMatchObject({ status: 'ok' });
  };
  const first = await up(path, ['--data', data], 'SIGTERM', health);
  expect(first.code).toBe(0);
  expect(first.told).toMatch(/^admin +ebb_admin_[\w-]{32}$/m);
  expect(first.told).toMatch(/authorization=Bearer%20ebb_agent_[\w-]{32}$/m);
  const second = await up(path, ['--data', data], 'SIGINT', health);
  expect(second.code).toBe(0);
  expect(second.told).not.toContain('ebb_admin_');
});

test('on Node 20 it says which one it needs', () => {
  const old = availableNodes().find(({ major }) => major === 20);
  if (old === undefined) throw new Error('Node 20 is missing: npm test -- nodes');
  const { status, stderr } = spawnSync(old.path, [bin, 'up', '--data', join(folder, 'old')], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/needs Node\.js 22\.13 or later; this is 20\.\S+ \(EBB_SERVER_NODE_VERSION\)/);
});

test.each([
  [['--port', '70000'], 'EBB_CLI_BAD_VALUE'],
  [['--port', '1x'], 'EBB_CLI_BAD_VALUE'],
  [['--data', 'x', '--database', 'postgres://x'], 'EBB_CLI_USAGE'],
  [['--database', 'mysql://x'], 'EBB_SERVER_DATABASE'],
])('%j is refused with %s', (args, code) => {
  const { stderr, status } = spawnSync(process.execPath, [bin, 'up', ...args], { encoding: 'utf8' });
  expect(stderr).toContain(code);
  expect(status).toBe(code === 'EBB_SERVER_DATABASE' ? 3 : 2);
});
