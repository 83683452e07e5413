// A forked snapshot beside what else lives in a process: native addons with threads of their own, an inspector that
// somebody has attached, worker threads that come and go; and many snapshots of one process. On every Node.
import { execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeProgramFolder, patienceMs } from './capture-program.ts';
import { availableNodes } from './index.ts';

const folder = makeProgramFolder();
afterAll(folder.remove);
const { run } = folder;
const busyAddon = join(folder.path, 'busy.node');
const addon = fileURLToPath(new URL('../../packages/capture/build/Release/ebb_capture.node', import.meta.url));

beforeAll(() => {
  const headers = join(dirname(createRequire(import.meta.url).resolve('node-api-headers')), 'include');
  const source = fileURLToPath(new URL('fixtures/busy-addon.c', import.meta.url));
  const compiler = process.env['CC'] ?? 'cc';
  execFileSync(compiler, ['-shared', '-fPIC', '-O1', '-pthread', `-I${headers}`, source, '-o', busyAddon]);
});

describe.each(availableNodes())('on Node $major', { timeout: patienceMs + 10_000 }, ({ path: node }) => {
  test('a native addon whose threads take locks, wait for each other and call back all the time does not spoil it', () => {
    const told = run(
      node,
      `
      const { createRequire } = await import('node:module');
      let calls = 0;
      globalThis.block = createRequire(import.meta.url)('${busyAddon}').start(() => calls++);
      while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      const before = children().length;
      told.outcomes = [];
      for (let i = 0; i < 4; i++) {
        const { method } = await captureSnapshot({ file, niceness: 0, stallMs: 2000, attempts: 6 });
        told.outcomes.push(method + ' ' + hasAllSessions(readFileSync(file, 'utf8')));
        rmSync(file);
      }
      const then = calls;
      while (calls === then) await new Promise((resolve) => setTimeout(resolve, 1));
      told.children = children().length - before;
      tell();`,
    );
    expect(told).toEqual({ outcomes: Array.from({ length: 4 }, () => 'fork true'), children: 0 });
  });

  test('it is forked when the other threads sleep, for which it waits; not for ever where one never does', () => {
    const told = run(
      node,
      `
      const { Worker } = await import('node:worker_threads');
      const sleeps = new Int32Array(new SharedArrayBuffer(4));
      const source = 'const { workerData, parentPort } = require("node:worker_threads"); parentPort.postMessage(0);'
        + 'for (;;) { if (Atomics.load(workerData, 0) === 1) Atomics.wait(workerData, 0, 1); }';
      const worker = new Worker(source, { eval: true, workerData: sleeps });
      await new Promise((resolve) => worker.once('message', resolve));
      const take = async () => {
        const { attempts } = await captureSnapshot({ file, niceness: 0, stallMs: 2000, attempts: 6 });
        rmSync(file);
        return attempts[0];
      };
      // It spins when the capture begins, and goes to sleep soon. On a machine that stands still meanwhile it is too late.
      for (let i = 0; i < 6 && told.slept === undefined; i++) {
        Atomics.store(sleeps, 0, 0);
        Atomics.notify(sleeps, 0);
        const taken = take();
        setTimeout(() => Atomics.store(sleeps, 0, 1), 20);
        const { threadsAwake, waitedMs } = await taken;
        if (threadsAwake === 0) told.slept = waitedMs > 0;
      }
      Atomics.store(sleeps, 0, 0);
      Atomics.notify(sleeps, 0);
      told.awake = (await take()).threadsAwake > 0;
      await worker.terminate();
      tell();`,
    );
    expect(told).toEqual({ slept: true, awake: true });
  });

  test('a debugger that is attached by its port goes on being served, and the child does not serve it', async () => {
    const program = folder.write(`
      process.stdin.once('data', async () => {
        const { method } = await captureSnapshot({ file, niceness: 0 });
        Object.assign(told, { method, complete: hasAllSessions(readFileSync(file, 'utf8')), children: children().length });
        process.stdout.write(JSON.stringify(told) + '\\n');
      });`);
    const child = spawn(node, ['--inspect=127.0.0.1:0', program, folder.path], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    try {
      const url = await spoken(child.stderr, /ws:\/\/\S+/u);
      const socket = new WebSocket(url);
      const answers: { id: number; result?: { result?: { value?: unknown } }; method?: string }[] = [];
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('error', reject);
      });
      socket.addEventListener('message', ({ data }) =>
        answers.push(JSON.parse(String(data)) as (typeof answers)[number]),
      );
      const answered = (id: number): Promise<unknown> =>
        new Promise((resolve) => {
          socket.addEventListener('message', () => {
            const answer = answers.find((one) => one.id === id);
            if (answer !== undefined) resolve(answer.result?.result?.value);
          });
        });
      const methods = ['Runtime.enable', 'Debugger.enable', 'HeapProfiler.enable', 'Profiler.enable', 'Profiler.start'];
      const enabled = answered(methods.length);
      methods.forEach((method, at) => {
        socket.send(JSON.stringify({ id: at + 1, method }));
      });
      await enabled;
      child.stdin.write('now\n');
      const told = JSON.parse(await spoken(child.stdout, /\{.*\}/u)) as unknown;
      expect(told).toEqual({ method: 'fork', complete: true, children: 0 });
      const sum = answered(99);
      socket.send(JSON.stringify({ id: 99, method: 'Runtime.evaluate', params: { expression: '6 * 7' } }));
      expect(await sum).toBe(42);
      expect(answers.filter(({ id }) => id === 99)).toHaveLength(1);
      socket.close();
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('a worker thread that is terminated in the middle of its own capture leaves nothing, and the next capture comes', () => {
    const told = run(
      node,
      `
      const { Worker } = await import('node:worker_threads');
      const source = new URL('data:text/javascript,' + encodeURIComponent(\`
        import { parentPort, workerData } from 'node:worker_threads';
        const { captureSnapshot } = await import(workerData.capture);
        const port = parentPort;
        const captured = captureSnapshot({ file: workerData.file, niceness: 0, onMoment: () => port.postMessage('moment') });
        port.postMessage('begun');
        await captured;
        setInterval(() => undefined, 1000);
      \`));
      const before = left();
      const workerData = { file, capture: '${new URL('../../packages/capture/dist/index.js', import.meta.url).href}' };
      // At once, when it has begun (its threads are looked at, or the fork is near), and when the child writes.
      for (const when of ['begun', 'moment', 'begun', 'moment']) {
        const worker = new Worker(source, { workerData });
        await new Promise((resolve, reject) => {
          worker.on('message', (message) => { if (message === when) resolve(); });
          worker.on('error', reject);
        });
        await worker.terminate();
        // What it held is let go of by the thread that watches the child.
        for (;;) {
          const outcome = await outcomeOf(captureSnapshot({ file: file + '.main', niceness: 0, attempts: 6 }));
          if (outcome.code === 'EBB_CAPTURE_BUSY') { await new Promise((resolve) => setTimeout(resolve, 1)); continue; }
          (told.outcomes ??= []).push(outcome.method ?? outcome);
          break;
        }
        rmSync(file + '.main', { force: true });
        rmSync(file, { force: true });
      }
      const after = left();
      told.left = { children: after.children, files: after.files, descriptors: after.descriptors - before.descriptors };
      tell();`,
    );
    expect(told['outcomes']).toEqual(Array.from({ length: 4 }, () => 'fork'));
    // Worker threads leave a few descriptors of their own with libuv.
    expect(told['left']).toMatchObject({ children: 0, files: [] });
  });

  test('a child that it cannot be told how to watch is ended at once, and no other process is', () => {
    // So it goes when a worker thread is terminated between the fork and the watch: it can read nothing any more.
    const told = run(
      node,
      `
      const { createRequire } = await import('node:module');
      const addon = createRequire(import.meta.url)('${addon}');
      const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
      await new Promise((resolve) => bystander.once('spawn', resolve));
      addon.acquire();
      await new Promise((resolve) => { told.failed = addon.prepare(true, resolve); });
      const options = { fd: addon.hiddenFile(folder), errorsFd: -1, insist: 1, waitMs: 10, raiseHeapLimit: 0, niceness: 0 };
      const times = new Float64Array(5);
      told.unread = [addon.fork({}, times), times[4]];
      const pid = addon.fork(options, times);
      if (pid === 0) { for (;;) continue; }
      told.watched = addon.watch({}, true, () => undefined);
      told.children = children().filter((child) => child !== bystander.pid).length;
      addon.release();
      told.bystander = bystander.exitCode ?? bystander.signalCode ?? 'lives';
      bystander.kill();
      tell();`,
    );
    const canceled = constants.errno.ECANCELED;
    expect(told).toEqual({ failed: 0, unread: [-1, canceled], watched: canceled, children: 0, bystander: 'lives' });
  });

  test('worker threads that start and are terminated all the while do not spoil the capture of the main thread', () => {
    const told = run(
      node,
      `
      const { Worker } = await import('node:worker_threads');
      let going = true, turns = 0;
      const churn = (async () => {
        while (going) {
          const worker = new Worker('let kept = []; setInterval(() => { for (let i = 0; i < 2000; i++) kept.push({ i }); }, 1)', { eval: true });
          await new Promise((resolve) => worker.once('online', resolve));
          await worker.terminate();
          turns++;
        }
      })();
      told.outcomes = [];
      for (let i = 0; i < 2; i++) {
        told.outcomes.push((await captureSnapshot({ file, niceness: 0, stallMs: 2000, attempts: 6 })).method + ' ' + hasAllSessions(readFileSync(file, 'utf8')));
        rmSync(file);
      }
      going = false;
      await churn;
      told.turns = turns > 0;
      told.children = children().length;
      tell();`,
    );
    expect(told).toEqual({ outcomes: ['fork true', 'fork true'], turns: true, children: 0 });
  });

  test('fifty captures, most of them called off, leave no descriptor, no child, no mapping and no file', () => {
    const told = run(
      node,
      `
      const marks = () => readFileSync('/proc/self/smaps', 'utf8').split('\\n').filter((line) => /^VmFlags:.* dc/.test(line)).length > 0;
      const one = async (whole) => {
        const stop = new AbortController();
        const outcome = await outcomeOf(captureSnapshot({ file, niceness: 0, signal: stop.signal, onMoment: () => whole || stop.abort() }));
        rmSync(file, { force: true });
        return outcome.method ?? outcome.code;
      };
      await one(true);
      const before = left();
      const marked = marks();
      const counts = {};
      for (let i = 0; i < 50; i++) { const name = await one(i % 25 === 0); counts[name] = (counts[name] ?? 0) + 1; }
      Object.assign(told, { counts, before, after: left(), marked, stillMarked: marks() });
      tell();`,
    );
    expect(told).toMatchObject({ counts: { fork: 2, EBB_CAPTURE_ABORTED: 48 }, after: told['before'] });
    // V8's heap is kept from the program's own children as before.
    expect(told['stillMarked']).toBe(told['marked']);
  });
});

/** What a stream says that fits, as soon as it does. */
async function spoken(stream: NodeJS.ReadableStream, wanted: RegExp): Promise<string> {
  let text = '';
  return await new Promise((resolve, reject) => {
    stream.on('data', (part: Buffer) => {
      text += part.toString();
      const [found] = wanted.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    stream.on('end', () => {
      reject(new Error(`it ended, having said: ${text}`));
    });
  });
}
