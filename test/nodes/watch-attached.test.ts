// Processes that were started without Ebb are watched by `ebb watch --pid`, on every Node, and are left as they were found.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bin, start as startCommand, type Run } from '../../packages/cli/src/fixtures/run-ebb.ts';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-watch-attached-'));
const running: { kill: (signal: NodeJS.Signals) => unknown }[] = [];
let temporary = '';
let count = 0;
beforeEach(() => {
  temporary = join(folder, `tmp${count++}`);
  mkdirSync(temporary);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the program holds, as it says itself. */
interface Holdings {
  resources: string[];
  listeners: Record<string, number>;
  channels: boolean[];
  sockets: number;
  workerData: string[];
}

interface Program {
  child: ChildProcessWithoutNullStreams & { pid: number };
  holdings: () => Promise<Holdings>;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Says what it holds when it is asked, and ends by itself when its input does. */
const telling = `
const holdings = () => JSON.stringify({
  resources: process.getActiveResourcesInfo().sort(),
  listeners: Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)])),
  channels: ['http.server.request.start', 'tracing:fastify.request.handler:start', 'ebb.http.route'].map((name) => hasSubscribers(name)),
  sockets: readdirSync('/proc/self/fd').filter((fd) => { try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; } }).length,
  workerData: ['ebb.agent.attached', 'ebb.agent.thread', 'ebb.agent.socket'].filter((key) => getEnvironmentData(key) !== undefined),
});
process.stdin.on('data', () => console.log(holdings()));
void process.stderr; // opened by the first socket that Node.js closes, whoever's it is
console.log('ready');
`;
const imports = {
  mjs: `import { readdirSync, readlinkSync } from 'node:fs';
import { hasSubscribers } from 'node:diagnostics_channel';
import { getEnvironmentData } from 'node:worker_threads';`,
  cjs: `const { readdirSync, readlinkSync } = require('node:fs');
const { hasSubscribers } = require('node:diagnostics_channel');
const { getEnvironmentData } = require('node:worker_threads');`,
};

/** Keeps what it should drop; and collects by itself where it may, as a busy service does. */
const leaking = (entriesAtOnce: number): string => `
const remembered = new Map();
let turn = 0;
function remember() {
  for (let k = 0; k < ${entriesAtOnce}; k++) remembered.set(turn, { turn, values: new Array(110).fill(turn++ + 0.5) });
}
setInterval(remember, 20);
if (globalThis.gc !== undefined) setInterval(() => gc(), 250);`;

async function startProgram(node: string, kind: 'mjs' | 'cjs', text: string, flags: string[] = []): Promise<Program> {
  const file = join(folder, `program${count++}.${kind}`);
  writeFileSync(file, `${imports[kind]}\n${text}\n${telling}`);
  const child = spawn(node, ['--inspect-port=0', ...flags, file], { stdio: 'pipe', cwd: folder });
  running.push(child);
  child.stderr.resume();
  const lines: string[] = [];
  let rest = '';
  let wake = (): void => undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
      wake();
    });
  });
  const nextLine = async (): Promise<string> => {
    while (lines.length === 0) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the program has ended');
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return lines.shift() ?? '';
  };
  expect(await nextLine()).toBe('ready');
  return {
    child: child as Program['child'],
    ended,
    holdings: async () => {
      child.stdin.write('?');
      return JSON.parse(await nextLine()) as Holdings;
    },
  };
}

function startWatch(node: string, pid: number, ...flags: string[]): Run {
  const args = [bin, 'watch', '--pid', String(pid), '--interval', '100', '--no-live', ...flags];
  const run = startCommand(node, args, { TMPDIR: temporary });
  running.push(run.child);
  return run;
}

/** The numbers of the processes that the main thread has started, as the kernel says. */
const childrenOf = (pid: number): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();

const reportIn = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test.each(['mjs', 'cjs'] as const)(
    'a %s program holds nothing of Ebb after a watch, ended or killed, and can be watched again',
    async (kind) => {
      const program = await startProgram(node, kind, '');
      const { pid } = program.child;
      const before = await program.holdings();
      expect(before).toMatchObject({ channels: [false, false, false], workerData: [] });

      const first = startWatch(node, pid);
      await first.says(/its main thread is watched/u, 'stderr');
      expect(await program.holdings()).toMatchObject({
        channels: [true, true, true],
        workerData: ['ebb.agent.attached'],
        sockets: before.sockets + 1,
        listeners: { warning: (before.listeners['warning'] ?? 0) + 1 },
      });
      const second = await startWatch(node, pid).ended;
      expect(second).toMatchObject({ code: 2, signal: null });
      expect(second.stderr).toContain('EBB_CLI_WATCHED_ALREADY');
      first.child.kill('SIGINT');
      const ended = await first.ended;
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.stderr).toMatch(/process \d+ \(node\S* program\d+\.\S+\) runs on without Ebb/u);
      await expect.poll(program.holdings, { timeout: 10_000 }).toEqual(before);

      // The watcher is killed: nobody tells the agent, and nobody else can take the folder away.
      const third = startWatch(node, pid);
      await third.says(/its main thread is watched/u, 'stderr');
      expect(readdirSync(temporary)).toHaveLength(1);
      third.child.kill('SIGKILL');
      await third.ended;
      await expect.poll(program.holdings, { timeout: 10_000 }).toEqual(before);
      await expect.poll(() => readdirSync(temporary), { timeout: 10_000 }).toEqual([]);

      program.child.stdin.end();
      expect(await program.ended).toEqual({ code: 0, signal: null });
    },
  );

  test('a leak is found, with its line, by forked snapshots alone; the watch ends and the program does not', async () => {
    const program = await startProgram(node, major % 4 === 0 ? 'mjs' : 'cjs', leaking(40), ['--expose-gc']);
    const report = join(temporary, '..', `report-${major}.json`);
    const flags = ['--stop-on-finding', '--fail-on-leak', '--report', report];
    const watch = startWatch(node, program.child.pid, ...flags);
    const ended = await watch.ended;
    expect(ended.stderr).toContain('the process runs on');
    expect(ended).toMatchObject({ code: 1, signal: null });
    const {
      verdict,
      findings,
      captures,
      program: told,
      pid,
      notes,
    } = reportIn(report) as {
      verdict: string;
      findings: { holder: { name: string }; insertedAt: { file: string; line: number } }[];
      captures: { kind: string; method: string }[];
      program: object;
      pid: number;
      notes: string[];
    };
    expect({ verdict, pid, notes }).toEqual({ verdict: 'leak', pid: program.child.pid, notes: [] });
    expect(findings[0]?.holder.name).toBe('remembered');
    expect(findings[0]?.insertedAt).toMatchObject({ file: program.child.spawnargs.at(-1), line: 8 });
    expect(new Set(captures.map(({ kind: what, method }) => `${what} ${method}`))).toEqual(
      new Set(['snapshot fork', 'profile inspector']),
    );
    expect(told).toEqual({ exitCode: null, signal: null, attached: true, running: true });
    expect(readdirSync(temporary)).toEqual([]);
    expect(program.child.exitCode).toBeNull();
    expect(await program.holdings()).toMatchObject({ channels: [false, false, false], workerData: [] });
  }, 180_000);

  test('a watcher that is killed in the middle of a snapshot leaves neither it nor the child that writes it', async () => {
    const program = await startProgram(node, 'mjs', leaking(40), ['--expose-gc']);
    const before = await program.holdings();
    const watch = startWatch(node, program.child.pid);
    await watch.says(/taking snapshot 2 of/u, 'stderr');
    watch.child.kill('SIGKILL');
    await watch.ended;
    await expect.poll(() => readdirSync(temporary), { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => childrenOf(program.child.pid), { timeout: 20_000 }).toBe('');
    await expect.poll(program.holdings, { timeout: 20_000 }).toEqual(before);
  }, 180_000);

  test('a process that dies ends the watch, which says what it cannot know', async () => {
    const program = await startProgram(node, 'mjs', leaking(250), ['--max-old-space-size=40']);
    const report = join(temporary, '..', `end-${major}.json`);
    const watch = startWatch(node, program.child.pid, '--report', report);
    await watch.says(/its main thread is watched/u, 'stderr');
    await program.ended;
    const ended = await watch.ended;
    expect(ended.code).toBe(0);
    expect(ended.stderr.replace(/\n\s+/gu, ' ')).toContain('how it ended is known to whoever started it');
    expect(ended.stderr).toMatch(/OUT OF MEMORY +process \d+/u);
    expect(reportIn(report)).toMatchObject({
      program: { exitCode: null, signal: null, attached: true, running: false },
      death: { cause: 'heap-limit', sure: false },
    });
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test('a process that ends in order tells its exit code in its last moment', async () => {
  const [{ path: node }] = availableNodes();
  const program = await startProgram(node, 'mjs', 'process.exitCode = 7;');
  const report = join(folder, 'in-order.json');
  const watch = startWatch(node, program.child.pid, '--report', report);
  await watch.says(/its main thread is watched/u, 'stderr');
  program.child.stdin.end();
  const { code, stderr } = await watch.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/ended with exit code 7 after/u);
  expect(stderr).not.toContain('DIED');
  expect(reportIn(report)['program']).toEqual({ exitCode: 7, signal: null, attached: true, running: false });
});

test('a program that has the agent by itself keeps it when it has been watched', async () => {
  const [{ path: node }] = availableNodes();
  const register = new URL('../../packages/agent/dist/register.cjs', import.meta.url).pathname;
  const program = await startProgram(node, 'mjs', '', ['--require', register]);
  await expect.poll(async () => (await program.holdings()).channels[0], { timeout: 20_000 }).toBe(true);
  const before = await program.holdings();
  const watch = startWatch(node, program.child.pid);
  await watch.says(/its main thread is watched/u, 'stderr');
  expect(await program.holdings()).toMatchObject({ listeners: { warning: (before.listeners['warning'] ?? 0) + 1 } });
  watch.child.kill('SIGTERM');
  expect((await watch.ended).code).toBe(0);
  await expect.poll(program.holdings, { timeout: 10_000 }).toEqual(before);
});

describe('what cannot be watched is refused, and goes on', () => {
  const [{ path: node }] = availableNodes();

  test('a process that is not Node.js', async () => {
    const child = spawn('sleep', ['600']);
    running.push(child);
    const { code, stderr } = await startWatch(node, child.pid ?? 0).ended;
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('EBB_CAPTURE_NOT_NODE') as string,
    });
    expect(child.exitCode).toBeNull();
  });

  test('a process that is gone', async () => {
    const child = spawn('true');
    await new Promise((resolve) => child.once('exit', resolve));
    const { code, stderr } = await startWatch(node, child.pid ?? 0).ended;
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('EBB_CAPTURE_NO_PROCESS') as string,
    });
  });

  test('Ebb itself', async () => {
    const run = startCommand('sh', ['-c', `exec '${node}' '${bin}' watch --pid $$`]);
    const { code, stderr } = await run.ended;
    expect(code).toBe(2);
    expect(stderr).toContain("Ebb's own process");
  });

  test('a program that another watch has started', async () => {
    const file = join(folder, 'started.mjs');
    writeFileSync(file, `console.log('ready', process.pid); setInterval(() => {}, 1000);`);
    const args = [bin, 'watch', '--no-live', '--', node, '--inspect-port=0', file];
    const first = startCommand(node, args, { TMPDIR: temporary });
    running.push(first.child);
    const [, pid] = await first.says(/ready (\d+)/u);
    await first.says(/watching process/u, 'stderr');
    const { code, stderr } = await startWatch(node, Number(pid)).ended;
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('EBB_CLI_WATCHED_ALREADY') as string,
    });
    first.child.kill('SIGTERM');
    await first.ended;
  });

  test('a process and a program at once, neither of them, and consent where none is needed', async () => {
    const ways = [
      [['--pid', '1', '--', 'node', 'x.js'], 'EBB_CLI_USAGE'],
      [[], 'EBB_CLI_MISSING_ARGUMENT'],
      [['--pid', 'x'], 'EBB_CLI_BAD_VALUE'],
      [['--allow-pause', '--', 'node', 'x.js'], 'EBB_CLI_USAGE'],
    ] as const;
    for (const [args, expected] of ways) {
      const { code, stderr } = await startCommand(node, [bin, 'watch', ...args]).ended;
      expect(code).toBe(2);
      expect(stderr).toContain(expected);
    }
  });

  test.skipIf(process.getuid?.() !== 0)("another user's process, unless Ebb is root: then it is watched", async () => {
    for (const directory of [folder, temporary]) chmodSync(directory, 0o755); // as /tmp is
    const text = `console.log('ready'); setInterval(() => {}, 1000);`;
    const args = ['--inspect-port=0', '-e', text];
    const child = spawn(node, args, { uid: 65_534, gid: 65_534, cwd: '/' });
    running.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const run = startWatch(node, child.pid ?? 0);
    await run.says(/its main thread is watched/u, 'stderr');
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
