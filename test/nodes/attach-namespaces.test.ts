// Processes in namespaces of their own, as in containers, and Ebb in a debug container beside them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaptureError } from '@ebb/capture';
import { attach } from '@ebb/capture/attach';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { availableNodes } from './index.ts';

const node = availableNodes()[0].path;
const folder = mkdtempSync(join(tmpdir(), 'ebb-namespaces-'));
const dist = new URL('../../packages/capture/dist', import.meta.url).pathname;
const mayUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount', '--net', 'true']).status === 0;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program in namespaces of its own, and finds its number as it is seen from here. */
async function startIn(flags: string[], before = ''): Promise<number> {
  const program = `console.log('ready', process.pid); process.stdin.resume();`;
  const command = `${before} exec ${node} --inspect-port=${await freePort()} -e "${program}"`;
  const child = spawn('unshare', ['--kill-child', ...flags, 'sh', '-c', command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  return Number(inner === '' ? child.pid : inner);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'nothing was thrown',
    (error: unknown) => (error as CaptureError).code,
  );
}

describe.skipIf(!mayUnshare)('a process', () => {
  test('that is number 1 of its own PID namespace gives a forked snapshot', async () => {
    const pid = await startIn(['--pid', '--fork', '--mount-proc']);
    const attached = await attach(pid);
    expect(await attached.evaluate('process.pid')).toBe(1);
    const file = join(folder, 'one.heapsnapshot');
    expect(await attached.takeSnapshot({ file })).toMatchObject({ method: 'fork', file });
    rmSync(file);
    expect((await attached.close()).left).toHaveLength(1);
  });

  test('that does not see the files of Ebb gives one by the inspector, with consent', async () => {
    const pid = await startIn(['--pid', '--fork', '--mount-proc'], `mount -t tmpfs none ${dist};`);
    const attached = await attach(pid);
    const file = join(folder, 'two.heapsnapshot');
    expect(await codeOf(attached.takeSnapshot({ file }))).toBe('EBB_CAPTURE_UNSUPPORTED');
    const taken = await attached.takeSnapshot({ file, method: 'auto' });
    expect(taken).toMatchObject({ method: 'inspector', bytes: statSync(file).size });
    expect(taken.fallbackReason?.message).toContain('does not see');
    expect(await attached.close()).toEqual({ left: [] });
  });

  test('that does not see the folder of the file is not forked for it', async () => {
    const pid = await startIn(['--mount'], `mount -t tmpfs none ${folder};`);
    const attached = await attach(pid);
    expect(await codeOf(attached.takeSnapshot({ file: join(folder, 'three.heapsnapshot') }))).toBe(
      'EBB_CAPTURE_UNSUPPORTED',
    );
    await attached.close();
  });

  test('in a network of its own is not sent anything, and Ebb in that network reaches it', async () => {
    const pid = await startIn(['--net', '--mount', '--fork'], 'ip link set lo up;');
    expect(await codeOf(attach(pid))).toBe('EBB_CAPTURE_OTHER_NETWORK');
    const ask = `import('${dist}/attach/index.js').then(async ({ attach }) => {
      const attached = await attach(${pid}); console.log(await attached.evaluate('process.version')); await attached.close(); });`;
    const inside = spawnSync('nsenter', ['--target', String(pid), '--net', node, '-e', ask], { encoding: 'utf8' });
    expect(inside.stdout).toMatch(/^v\d+/);
  });

  test('of a container is reached from a debug container that shares its PID namespace and network', async () => {
    const pid = await startIn(['--pid', '--fork', '--mount-proc']);
    // A mount namespace of its own, with its own /proc, and inside of it other numbers than outside.
    const ask = `import('${dist}/attach/index.js').then(async ({ attach }) => {
      const attached = await attach(1); console.log(await attached.evaluate('process.pid')); await attached.close(); });`;
    const inside = spawnSync(
      'nsenter',
      [
        '--target',
        String(pid),
        '--pid',
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount -t proc proc /proc; exec "$0" -e "$1"',
        node,
        ask,
      ],
      { encoding: 'utf8' },
    );
    expect(inside.stdout).toBe('1\n');
  });
});
