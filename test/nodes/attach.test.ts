// Processes that were started without Ebb are attached to, on every Node, and are left as they were found.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureError } from '@ebb/capture';
import { attach } from '@ebb/capture/attach';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-attach-'));
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Program {
  child: ChildProcess & { pid: number };
  /** What it has written to its standard error. */
  said: () => string;
}

/** Starts a program, and waits until it says that it is ready; then it has a handler for SIGUSR1, if it ever gets one. */
async function start(command: string, flags: string[], text: string, extension = 'mjs'): Promise<Program> {
  const file = join(folder, `${String(Math.random()).slice(2)}.${extension}`);
  writeFileSync(file, `${text}\nsetInterval(() => {}, 1000);\nconsole.log('ready');\n`);
  const child = spawn(command, [...flags, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  ends.push(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error(said)));
  });
  return { child: child as Program['child'], said: () => said };
}

/** What a process holds: sockets that listen, and threads. */
function holdings(pid: number): { descriptors: number } {
  const descriptors = readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  });
  return { descriptors: descriptors.length };
}

async function errorOf(promise: Promise<unknown>): Promise<CaptureError> {
  return await promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => error as CaptureError,
  );
}

function sessionsIn(file: string): number {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8')) as {
    snapshot: { meta: { node_fields: string[] } };
    nodes: number[];
    strings: string[];
  };
  const name = snapshot.meta.node_fields.indexOf('name');
  const size = snapshot.meta.node_fields.length;
  let count = 0;
  for (let at = name; at < nodes.length; at += size) if (strings[nodes[at]] === 'Session') count++;
  return count;
}

const holdSessions = `
class Session { constructor(id) { this.secret = 'hunter2-' + id; } }
globalThis.sessions = new Map(Array.from({ length: 500 }, (_, id) => [id, new Session(id)]));`;

/** The one that was drawn last. */
let port = 0;
const ownPort = async (): Promise<string> => `--inspect-port=127.0.0.1:${(port = await freePort())}`;

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  for (const kind of ['mjs', 'cjs']) {
    test(`a ${kind} program is asked, gives both kinds of snapshots, and is left as it was found`, async () => {
      const { child, said } = await start(node, [await ownPort()], holdSessions, kind);
      const before = holdings(child.pid);
      const attached = await attach(child.pid);
      expect(attached).toMatchObject({ pid: child.pid, inspector: { host: '127.0.0.1', port, openedHere: true } });
      expect(attached.nodeVersion).toMatch(new RegExp(`^v${major}\\.`));
      expect(await attached.evaluate('({ size: sessions.size, pid: process.pid })')).toEqual({
        size: 500,
        pid: child.pid,
      });
      expect(await attached.evaluate('import.meta').catch((error: unknown) => (error as CaptureError).code)).toBe(
        'EBB_CAPTURE_TARGET',
      );
      expect(
        await attached.evaluate("new Promise((resolve) => setTimeout(resolve, 20, [require('node:os').EOL]))"),
      ).toEqual(['\n']);
      expect(await errorOf(attached.evaluate("Promise.reject(new Error('no luck'))"))).toMatchObject({
        code: 'EBB_CAPTURE_TARGET',
        message: expect.stringContaining('no luck') as string,
      });
      for (const [method, taken, scrub] of [
        ['fork', 'fork', false],
        ['fork', 'fork', true],
        ['inline', 'inspector', false],
        ['inline', 'inspector', true],
      ] as const) {
        const file = join(folder, `${child.pid}-${method}-${scrub}.heapsnapshot`);
        const snapshot = await attached.takeSnapshot({ file, method, scrub });
        expect(snapshot).toMatchObject({ file, method: taken, bytes: statSync(file).size });
        expect(snapshot.pauseMs).toBeGreaterThan(0);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(sessionsIn(file)).toBeGreaterThanOrEqual(500);
        expect(readFileSync(file, 'utf8').includes('hunter2-499')).toBe(!scrub);
        expect(await errorOf(attached.takeSnapshot({ file, method }))).toMatchObject({ code: 'EBB_CAPTURE_EXISTS' });
        rmSync(file);
      }
      expect((await attached.close()).left).toEqual([expect.stringContaining('@ebb/capture')]);
      // The inspector's thread closes its side of the connection in its own time.
      await expect.poll(() => holdings(child.pid), { timeout: 10_000 }).toEqual(before);
      expect(child.exitCode).toBeNull();
      expect(said()).not.toContain('Warning');
      expect(readdirSync(folder).filter((name) => name.includes('part'))).toEqual([]);

      // Once more: nothing was used up; and this time nothing is loaded.
      const again = await attach(child.pid);
      expect(await again.close()).toEqual({ left: [] });
      expect(await errorOf(again.evaluate('1'))).toMatchObject({ code: 'EBB_CAPTURE_LOST' });
    });
  }

  test('source maps that are on no disk are written out, after a snapshot, and the debugger is off again', async () => {
    const map = { version: 3, sources: ['store.ts'], names: [], mappings: 'AAAA' };
    const data = Buffer.from(JSON.stringify(map)).toString('base64');
    const made = `globalThis.made = () => 1;\n//# sourceMappingURL=data:application/json;base64,${data}`;
    const text = `import { Script } from 'node:vm';
      globalThis.script = new Script(${JSON.stringify(made)}, { filename: '/srv/shop/store.ts' });
      script.runInThisContext();`;
    const { child } = await start(node, [await ownPort()], text);
    const attached = await attach(child.pid);
    const maps = join(folder, `maps-${child.pid}`);
    await attached.takeSnapshot({ file: `${maps}.heapsnapshot` });
    expect(await attached.takeSourceMaps(maps)).toEqual({ maps: 1, bytes: JSON.stringify(map).length, left: 0 });
    expect(JSON.parse(readFileSync(join(maps, 'srv/shop/store.ts.map'), 'utf8'))).toEqual(map);
    // With the debugger on it would stop here.
    expect(await attached.evaluate('(() => { debugger; return made(); })()')).toBe(1);
    await attached.close();
    rmSync(`${maps}.heapsnapshot`);

    const plain = await start(node, [await ownPort()], '');
    const other = await attach(plain.child.pid);
    expect(await other.takeSourceMaps(`${maps}-none`)).toMatchObject({ maps: 0, left: 0 });
    expect(existsSync(`${maps}-none`)).toBe(false);
    await other.close();
  });

  test('a program that never gives its thread back is asked all the same, while it starts too', async () => {
    const { child } = await start(node, [await ownPort()], "console.log('ready'); globalThis.n = 0; for (;;) n++;");
    const attached = await attach(child.pid);
    expect(await attached.evaluate('n > 0')).toBe(true);
    // Closing takes a turn of the event loop, and here it never turns.
    expect((await attached.close()).left).toEqual([expect.stringContaining('as soon as the main thread') as string]);
  });

  test('a thread that is stuck outside of JavaScript is not waited for', async () => {
    const text = "console.log('ready'); setTimeout(() => require('node:child_process').execSync('sleep 2'), 50);";
    const { child } = await start(node, [`--inspect=127.0.0.1:${await freePort()}`], text, 'cjs');
    await sleep(300);
    expect(await errorOf(attach(child.pid, { timeoutMs: 500 }))).toMatchObject({ code: 'EBB_CAPTURE_NO_ANSWER' });
    const later = await start(node, [await ownPort()], text, 'cjs');
    await sleep(300);
    const error = await errorOf(attach(later.child.pid, { timeoutMs: 500 }));
    expect(error.code).toBe('EBB_CAPTURE_NO_INSPECTOR');
    expect(error.message).toContain('opens when it is free again, and stays open');
  });

  test('an inspector that was open before is used, and stays open', async () => {
    const own = await freePort();
    const { child } = await start(node, [`--inspect=127.0.0.1:${own}`], holdSessions);
    const attached = await attach(child.pid);
    expect(attached.inspector).toEqual({ host: '127.0.0.1', port: own, openedHere: false });
    expect(await attached.close()).toEqual({ left: [] });
    const again = await attach(child.pid);
    expect(await again.evaluate('sessions.size')).toBe(500);
    await again.close();
  });

  test('an inspector that the program opened somewhere is found', async () => {
    const { child } = await start(
      node,
      [await ownPort()],
      "import { open } from 'node:inspector'; open(0, '127.0.0.1');",
    );
    const attached = await attach(child.pid, { timeoutMs: 300 });
    expect(attached.inspector.openedHere).toBe(false);
    await attached.close();
  });

  test('nothing is sent where another process listens on the port, and that one is named', async () => {
    const taken = await freePort();
    const server = createServer().listen(taken, '127.0.0.1');
    ends.push(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { child, said } = await start(node, [`--inspect-port=${taken}`], '');
    expect(await errorOf(attach(child.pid))).toMatchObject({
      code: 'EBB_CAPTURE_PORT_TAKEN',
      message: expect.stringContaining(`process ${process.pid} listens on 127.0.0.1:${taken}`) as string,
    });
    expect(said()).toBe('');
  });

  test('a handler of its own for SIGUSR1 is run, and it is said that this may be so', async () => {
    const { child, said } = await start(
      node,
      [await ownPort()],
      "process.on('SIGUSR1', () => console.error('rotated'));",
    );
    expect(await errorOf(attach(child.pid, { timeoutMs: 500 }))).toMatchObject({ code: 'EBB_CAPTURE_NO_INSPECTOR' });
    expect(said()).toBe('rotated\n');
    expect(child.exitCode).toBeNull();
  });

  test('a process that would die of SIGUSR1 lives on', async () => {
    if (spawnSync(node, ['--disable-sigusr1', '-e', '0']).status !== 0) return; // Node 20 has no such flag
    const { child } = await start(node, ['--disable-sigusr1'], '');
    expect(await errorOf(attach(child.pid))).toMatchObject({
      code: 'EBB_CAPTURE_NO_SIGNAL',
      message: expect.stringContaining('would kill it') as string,
    });
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
  });

  test('a snapshot that is called off leaves no file, and the program works on', async () => {
    const { child } = await start(
      node,
      [await ownPort()],
      'globalThis.many = Array.from({ length: 300_000 }, (_, i) => ({ i }));',
    );
    const attached = await attach(child.pid);
    for (const method of ['fork', 'inline'] as const) {
      const aborting = new AbortController();
      const file = join(folder, `${child.pid}-aborted`);
      // The inspector sends its first bytes when the thread has stood still for most of it; a fork is under way at once.
      const taking = attached.takeSnapshot({
        file,
        method,
        signal: aborting.signal,
        onProgress: () => aborting.abort(),
      });
      if (method === 'fork') setTimeout(() => aborting.abort(), 1);
      expect(await errorOf(taking)).toMatchObject({ code: 'EBB_CAPTURE_ABORTED' });
      expect(existsSync(file)).toBe(false);
    }
    expect(await attached.evaluate('many.length', { timeoutMs: 60_000 })).toBe(300_000);
    await attached.close();
    expect(await errorOf(attach(child.pid, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'EBB_CAPTURE_ABORTED',
    });
  });

  test('a process that ends while Ebb is attached is told gone', async () => {
    const { child } = await start(node, [await ownPort()], '');
    const attached = await attach(child.pid);
    const asked = errorOf(attached.evaluate('new Promise(() => {})'));
    child.kill('SIGKILL');
    expect(await asked).toMatchObject({
      code: 'EBB_CAPTURE_LOST',
      message: expect.stringContaining('ended') as string,
    });
    expect(await attached.close()).toEqual({ left: [] });
  });
});

test('the inspector closes by itself when Ebb is killed, and a stopped Ebb stops no program, on every Node', async () => {
  const capture = new URL('../../packages/capture/dist/attach/index.js', import.meta.url).href;
  await Promise.all(
    availableNodes().map(async ({ path: node }) => {
      const { child } = await start(node, [await ownPort()], "setInterval(() => console.log('tick'), 200);");
      const before = holdings(child.pid);
      const ebb = await start(process.execPath, [], `import { attach } from '${capture}'; await attach(${child.pid});`);
      expect(holdings(child.pid).descriptors).toBeGreaterThan(before.descriptors);
      // For longer than the clock in the process waits; its connection stays up meanwhile.
      ebb.child.kill('SIGSTOP');
      await sleep(37_000);
      await new Promise((resolve) => child.stdout!.once('data', resolve));
      ebb.child.kill('SIGKILL');
      while (holdings(child.pid).descriptors !== before.descriptors) await sleep(200);
      expect(child.exitCode).toBeNull();
    }),
  );
}, 120_000);

test('what is no Node.js process is refused, and lives on', async () => {
  const other = spawn('bash', ['-c', "trap 'echo hit' USR1; echo ready; while :; do read -rt 1 <> <(:) || :; done"]);
  ends.push(() => other.kill('SIGKILL'));
  await new Promise((resolve) => other.stdout.once('data', resolve));
  let heard = '';
  other.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  expect(await errorOf(attach(other.pid!))).toMatchObject({ code: 'EBB_CAPTURE_NOT_NODE' });
  await sleep(100);
  expect(heard).toBe('');
  for (const pid of [0, -1, 1.5, 2 ** 22 + 5, process.pid]) {
    expect(await errorOf(attach(pid))).toMatchObject({ code: 'EBB_CAPTURE_NO_PROCESS' });
  }
  other.kill('SIGSTOP');
  await sleep(50);
  expect((await errorOf(attach(other.pid!))).message).toContain('is stopped');
});

test.skipIf(process.geteuid?.() !== 0)(
  "another user's process is refused to an ordinary user, and root's snapshot of it is root's",
  async () => {
    const node = availableNodes()[0].path;
    const mine = await start(node, [await ownPort()], '');
    const capture = new URL('../../packages/capture/dist/attach/index.js', import.meta.url).href;
    const asking = `import('${capture}').then(({ attach }) => attach(${mine.child.pid})).catch((error) => console.log(error.code))`;
    const refused = spawnSync(node, ['-e', asking], { uid: 65_534, gid: 65_534, encoding: 'utf8' });
    expect(refused.stdout).toBe('EBB_CAPTURE_NOT_YOURS\n');

    const theirs = spawn(node, [await ownPort(), '-e', "console.log('ready'); process.stdin.resume()"], {
      uid: 65_534,
      gid: 65_534,
    });
    ends.push(() => theirs.kill('SIGKILL'));
    await new Promise((resolve) => theirs.stdout.once('data', resolve));
    const attached = await attach(theirs.pid!);
    const file = join(folder, 'theirs.heapsnapshot');
    expect(await attached.takeSnapshot({ file })).toMatchObject({ method: 'fork' });
    expect(statSync(file)).toMatchObject({ uid: 0, gid: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await attached.close();
  },
);
