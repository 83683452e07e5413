// Processes in namespaces of their own, as in containers, are watched from outside, and from a debug container beside them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { bin, start, type Run } from '../../packages/cli/src/fixtures/run-ebb.ts';
import { availableNodes } from './index.ts';

const node = availableNodes()[0].path;
const dist = new URL('../../packages/agent/dist', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'ebb-watch-namespaces-'));
const mayUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount', '--net', 'true']).status === 0;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program as number 1 of a PID namespace, and finds its number as it is seen from here. */
async function startInside(before = ''): Promise<number> {
  const program = `console.log('ready'); process.stdin.resume();`;
  const command = `${before} exec ${node} --inspect-port=0 -e "${program}"`;
  const flags = ['--kill-child', '--pid', '--fork', '--mount-proc', 'sh', '-c', command];
  const child = spawn('unshare', flags, { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
}

function startWatch(command: string, args: readonly string[]): Run {
  const run = start(command, args, { TMPDIR: folder });
  children.push(run.child);
  return run;
}

describe.skipIf(!mayUnshare)('a process', () => {
  test('in a PID namespace of its own is watched from outside, and told by its number there', async () => {
    const pid = await startInside();
    const report = join(folder, 'outside.json');
    const run = startWatch(node, [bin, 'watch', '--pid', String(pid), '--no-live', '--report', report]);
    await run.says(/its main thread is watched/u, 'stderr');
    run.child.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ pid, program: { running: true } });
  });

  test('is watched from a debug container that shares its PID namespace', async () => {
    const pid = await startInside();
    const inside = 'mount -t proc proc /proc; exec "$0" "$1" watch --pid 1 --no-live';
    const enter = ['--target', String(pid), '--pid', 'unshare', '--mount', 'sh', '-c', inside, node, bin];
    const run = startWatch('nsenter', enter);
    await run.says(/its main thread is watched/u, 'stderr');
    // The process's end is the end of its namespace, and of all that is in it.
    process.kill(pid, 'SIGKILL');
    await run.ended;
  });

  test('that does not see the files of Ebb is told so, and runs on', async () => {
    const pid = await startInside(`mount -t tmpfs none ${dist};`);
    const run = await startWatch(node, [bin, 'watch', '--pid', String(pid), '--no-live']).ended;
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('EBB_CLI_NOT_WATCHED');
    expect(readdirSync(`/proc/${pid}/task`).length).toBeGreaterThan(0);
  });
});
