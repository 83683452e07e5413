import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { preloadPath } from '@ebb/agent';
import type { CapturedMessage, CollectedMessage, HelloMessage, SampleMessage } from '@ebb/agent';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { makeWorkplace, runPlain, runWatched, type Conversation, type Heard, type Program } from './run-program.ts';

const isSample = ({ message }: Heard): boolean => message.type === 'sample';
const hellos = (heard: Heard[]): HelloMessage[] =>
  heard.flatMap(({ message }) => (message.type === 'hello' ? [message] : []));
const samples = (heard: Heard[]): SampleMessage[] =>
  heard.flatMap(({ message }) => (message.type === 'sample' ? [message] : []));
const commonJs = (text: string, more: Partial<Program> = {}): Program => ({ name: 'program.cjs', text, ...more });

/** Ends when its standard input does. */
const stay = `process.stdin.resume();`;

/** Serves `handle`, and asks itself for each path in turn once a line comes in. */
const server = (handle: string, paths: string): string => `
  const http = require('node:http');
  const handle = ${handle};
  const server = http.createServer(handle).listen(0, '127.0.0.1', () => {
    const get = (path) => new Promise((resolve) => {
      http.get({ port: server.address().port, path, agent: false }, (r) => r.resume().on('end', resolve)).on('error', resolve);
    });
    process.stdin.once('data', async () => { for (const path of ${paths}) await get(path); }).on('end', () => server.close());
  });`;

/** Lets a server of {@link server} answer, and waits until a sample says `requests`. */
async function serve({ child, until }: Conversation, requests: number): Promise<SampleMessage> {
  await until(isSample);
  child.stdin.write('go\n');
  const heard = await until(
    ({ message }) => message.type === 'sample' && message.sample.requests === requests && message.activeRequests === 0,
  );
  return heard.message as SampleMessage;
}

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  const test = (
    name: string,
    run: (directory: string, expect: typeof import('vitest').expect) => Promise<void>,
  ): void => {
    it.concurrent(name, async ({ expect }) => {
      const place = makeWorkplace();
      try {
        await run(place.directory, expect);
      } finally {
        place.remove();
      }
    });
  };
  const watch = async (
    program: Program,
    directory: string,
    converse?: (conversation: Conversation) => Promise<void>,
    snapshotDirectory?: string,
  ): ReturnType<typeof runWatched> =>
    await runWatched(
      node,
      program,
      { directory, remove: () => undefined },
      converse,
      snapshotDirectory === undefined ? {} : { snapshotDirectory },
    );

  test('a program says hello, samples, and is told gone when it ends', async (directory, expect) => {
    const program = commonJs(stay, { nodeFlags: ['--max-old-space-size=200'] });
    const { heard } = await watch(program, directory);
    const [hello] = hellos(heard);
    expect(hello?.nodeVersion).toMatch(new RegExp(`^v${String(major)}\\.`));
    expect(hello).toMatchObject({ threadId: 0, execPath: node, cwd: directory });
    expect(hello?.argv.at(-1)).toBe(join(directory, 'program.cjs'));
    expect(hello?.heapLimitBytes).toBeGreaterThanOrEqual(200 * 2 ** 20);
    expect(hello?.heapLimitBytes).toBeLessThan(450 * 2 ** 20);
    const [sample] = samples(heard);
    expect(sample?.sample.heapUsedBytes).toBeGreaterThan(1e6);
    expect(sample?.sample.rssBytes).toBeGreaterThan(sample?.sample.heapUsedBytes ?? Infinity);
    expect(sample?.sample.requests).toBeNull();
    expect(heard.at(-1)?.message).toMatchObject({ type: 'bye', reason: 'disconnected' });
  });

  test('the floor follows what the program holds, not what it has thrown away', async (directory, expect) => {
    const text = `
      globalThis.kept = [];
      process.stdin.on('data', () => { for (let i = 0; i < 400_000; i++) kept.push({ i }); });
      setInterval(() => { for (let i = 0; i < 1e5; i++) ({ i, s: 'x' + i }); }, 20).unref();`;
    let before = 0;
    let after = 0;
    await watch(commonJs(text), directory, async ({ child, until, listener }) => {
      await until(isSample);
      const [agent] = listener.agents.values();
      before = (await agent?.collect())?.floor?.heapBytes ?? 0;
      child.stdin.write('keep');
      const { message } = await until(
        (heard) => heard.message.type === 'sample' && heard.message.sample.heapUsedBytes > before + 15e6,
      );
      const answer = await agent?.collect();
      after = answer?.floor?.heapBytes ?? 0;
      const collectedAtMs = answer?.floor?.timeMs ?? Infinity;
      expect(message.type).toBe('sample');
      // The forced collection's floor comes with the samples, too.
      const { message: later } = await until(
        (heard) =>
          heard.message.type === 'sample' &&
          (heard.message.sample.floor?.timeMs ?? 0) >= collectedAtMs - 1000 &&
          (heard.message.sample.floor?.heapBytes ?? 0) > before + 15e6,
      );
      expect((later as SampleMessage).sample.floor?.heapBytes).toBeLessThan(after + 8e6);
    });
    // 400,000 objects of at least 16 bytes, and a pointer to each.
    expect(after - before).toBeGreaterThan(400_000 * 20);
    expect(after - before).toBeLessThan(400_000 * 80);
  });

  test('requests are counted by route as Express leaves it on the request', async (directory, expect) => {
    const handle = `(req, res) => {
      req.originalUrl = req.url;
      if (req.url.startsWith('/users/')) { req.baseUrl = '/api/7'; req.route = { path: '/users/:id' }; }
      if (req.url === '/missing') res.statusCode = 404;
      res.end('ok');
    }`;
    const paths = `['/users/1', '/users/2?x=1', '/plain/123/e3b0c442-98fc-1c14-9afb-f4c8996fb924', '/missing', '/']`;
    let last: SampleMessage | undefined;
    await watch(commonJs(server(handle, paths)), directory, async (conversation) => {
      last = await serve(conversation, 5);
    });
    expect(last?.requestsByRoute).toEqual({
      'GET /api/:id/users/:id': 2,
      'GET /plain/:id/:id': 1,
      'GET 404': 1,
      'GET /': 1,
    });
  });

  test('requests are counted by the route that Fastify publishes', async (directory, expect) => {
    const handle = `(req, res) => {
      const channel = require('node:diagnostics_channel').channel('tracing:fastify.request.handler:start');
      channel.publish({ request: { raw: req }, reply: {}, async: true, route: { url: '/items/:sku', method: 'GET' } });
      res.end('ok');
    }`;
    let last: SampleMessage | undefined;
    await watch(commonJs(server(handle, `['/items/a', '/items/b']`)), directory, async (conversation) => {
      last = await serve(conversation, 2);
    });
    expect(last?.requestsByRoute).toEqual({ 'GET /items/:sku': 2 });
  });

  test('an aborted request leaves nothing in flight', async (directory, expect) => {
    const handle = `(req, res) => { if (req.url === '/abort') req.socket.destroy(); else res.end(); }`;
    let last: SampleMessage | undefined;
    await watch(commonJs(server(handle, `['/abort', '/done', '/abort']`)), directory, async (conversation) => {
      last = await serve(conversation, 3);
    });
    expect(last?.requestsByRoute).toEqual({ 'GET /abort': 2, 'GET /done': 1 });
  });

  test('each worker thread that inherits NODE_OPTIONS is a series of its own', async (directory, expect) => {
    const text = `
      const { Worker, SHARE_ENV } = require('node:worker_threads');
      const code = 'require("node:worker_threads").parentPort.on("message", () => process.exit(0))';
      const kinds = [{}, { execArgv: [] }, { env: {} }, { env: SHARE_ENV }, { resourceLimits: { maxOldGenerationSizeMb: 40 } }];
      const workers = kinds.map((kind) => new Worker(code, { eval: true, ...kind }));
      process.stdin.resume().on('end', () => workers.forEach((worker) => worker.postMessage('end')));`;
    const { heard, code } = await watch(commonJs(text), directory, async ({ until }) => {
      // Thread 3 has an empty environment: Node preloads nothing there, and it stays unseen.
      for (const thread of [0, 1, 2, 4, 5]) {
        await until(({ message }) => message.type === 'sample' && message.threadId === thread);
      }
    });
    expect(code).toBe(0);
    const threads = hellos(heard);
    expect(threads.map(({ threadId }) => threadId).sort()).toEqual([0, 1, 2, 4, 5]);
    expect(new Set(threads.map(({ pid }) => pid)).size).toBe(1);
    const limited = threads.find(({ threadId }) => threadId === 5);
    expect(limited?.heapLimitBytes).toBeLessThan(
      (threads.find(({ threadId }) => threadId === 1)?.heapLimitBytes ?? 0) / 2,
    );
  });

  test('cluster workers and forked children are processes of their own', async (directory, expect) => {
    const text = `
      const cluster = require('node:cluster'); const { fork } = require('node:child_process');
      if (process.argv[2] === 'child') process.on('disconnect', () => process.exit(0));
      else if (cluster.isPrimary) {
        const workers = [cluster.fork(), cluster.fork()]; const child = fork(__filename, ['child']);
        process.stdin.resume().on('end', () => { cluster.disconnect(); child.disconnect(); });
      } else require('node:http').createServer(() => {}).listen(0, '127.0.0.1');`;
    const { heard, code } = await watch(commonJs(text), directory, async ({ heard: all, until }) => {
      await until(() => new Set(samples(all).map(({ pid }) => pid)).size === 4);
    });
    expect(code).toBe(0);
    const [first] = hellos(heard).filter(({ ppid }) => ppid === process.pid);
    expect(hellos(heard).filter(({ ppid }) => ppid === first?.pid)).toHaveLength(3);
    expect(heard.filter(({ message }) => message.type === 'bye')).toHaveLength(4);
  });

  test('a snapshot is taken in the thread that was asked, whole and for its owner only', async (directory, expect) => {
    const text = `
      const { Worker } = require('node:worker_threads');
      const worker = new Worker('globalThis.MarkOfTheWorker = class MarkOfTheWorker {}; globalThis.one = new MarkOfTheWorker(); require("node:worker_threads").parentPort.on("message", () => process.exit(0))', { eval: true });
      process.stdin.resume().on('end', () => worker.postMessage('end'));`;
    const file = join(directory, 'worker.heapsnapshot');
    let first: CapturedMessage | undefined;
    let second: CapturedMessage | undefined;
    await watch(commonJs(text), directory, async ({ until }) => {
      const { agent } = await until(({ message }) => message.type === 'sample' && message.threadId === 1);
      first = await agent.snapshot(file);
      second = await agent.snapshot(file);
    });
    expect(first).toMatchObject({ ok: true, method: 'fork', file, requests: null, requestsByRoute: {} });
    expect(first?.pauseMs).toBeGreaterThan(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size).toBe(first?.bytes);
    const { strings } = JSON.parse(readFileSync(file, 'utf8')) as { strings: string[] };
    expect(strings).toContain('MarkOfTheWorker');
    expect(second).toMatchObject({ ok: false, error: { code: 'EBB_CAPTURE_EXISTS' } });
  });

  test('a forced collection leaves no gc behind in the program', async (directory, expect) => {
    const text = `process.stdin.resume().on('end', () => console.log(typeof gc, require('node:vm').runInNewContext('typeof gc')));`;
    let answer: CollectedMessage | undefined;
    const { stdout } = await watch(commonJs(text), directory, async ({ until }) => {
      answer = await (await until(isSample)).agent.collect();
    });
    expect(answer).toMatchObject({ ok: true });
    expect(stdout).toBe('undefined undefined\n');
  });

  test('a warning of too many listeners is passed on, and still printed once', async (directory, expect) => {
    const text = `const e = new (require('node:events'))();
      process.stdin.resume().on('end', () => { for (let i = 0; i < 11; i++) e.on('tick', () => {}); });`;
    const { heard, stderr } = await watch(commonJs(text), directory);
    const warnings = heard.filter(({ message }) => message.type === 'warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatchObject({ code: 'MaxListenersExceededWarning' });
    expect(stderr.match(/MaxListenersExceededWarning/g)).toHaveLength(1);
  });

  for (const reads of [true, false]) {
    const what = reads ? 'reads but never says so' : 'has stopped reading';
    test(`a watcher that ${what} does not keep the program alive`, async (directory, expect) => {
      let bytes = 0;
      const path = join(directory, 's');
      const server = createServer((socket) => {
        socket.write('{"type":"interval","ms":10}\n');
        if (reads) socket.on('data', (chunk) => (bytes += chunk.length));
        socket.on('error', () => undefined);
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
      // Two hundred ticks are far more samples than the agent may write ahead.
      const text = `let n = 0; const t = setInterval(() => { if (++n === 200) clearInterval(t); }, 10);`;
      const env = { NODE_OPTIONS: `--require ${preloadPath}`, EBB_AGENT_SOCKET: path };
      const { code } = await runPlain(node, commonJs(text, { env }), { directory, remove: () => undefined });
      server.close();
      expect(code).toBe(0);
      if (reads) {
        expect(bytes).toBeGreaterThan(4 * 1024);
        expect(bytes).toBeLessThan(64 * 1024);
      }
    });
  }

  test('an agent whose watcher is away gives up, and the program ends as ever', async (directory, expect) => {
    const env = { NODE_OPTIONS: `--require ${preloadPath}`, EBB_AGENT_SOCKET: join(directory, 'nobody') };
    // It tries for two seconds from when it has loaded, which takes its time on a busy machine. One listener is Node's own.
    const text = `let looks = 0;
      const look = () => {
        const left = process.listenerCount('warning');
        if (left > 1 && ++looks < 300) setTimeout(look, 100);
        else console.log(left);
      };
      setTimeout(look, 2600);`;
    const place = { directory, remove: () => undefined };
    const plain = await runPlain(node, commonJs(text), place);
    expect(await runPlain(node, commonJs(text, { env }), place)).toEqual(plain);
  });

  const permission = major === 20 ? '--experimental-permission' : '--permission';

  test('under the permission model the agent comes in with rights to its own files only', async (directory, expect) => {
    const text = `process.stdin.resume().on('end', () => {
      try { require('node:fs').readFileSync('/etc/hostname'); console.log('read'); } catch (e) { console.log(e.code); }
    });`;
    const own = [
      permission,
      `--allow-fs-read=${directory}/*`,
      ...(major >= 25 ? ['--allow-net'] : []),
      '--no-warnings',
    ];
    const program = commonJs(text, { nodeFlags: own });
    const file = join(directory, 'evidence', 'x.heapsnapshot');
    const plain = await runPlain(node, program, { directory, remove: () => undefined });
    mkdirSync(join(directory, 'evidence'));
    let captured: CapturedMessage | undefined;
    const watched = await watch(
      program,
      directory,
      async ({ until }) => {
        captured = await (await until(isSample)).agent.snapshot(file, { method: 'inline' });
      },
      join(directory, 'evidence'),
    );
    expect(captured).toMatchObject({ ok: true });
    expect(existsSync(file)).toBe(true);
    expect(watched.stdout).toBe('ERR_ACCESS_DENIED\n');
    expect({ code: watched.code, stdout: watched.stdout, stderr: watched.stderr }).toEqual({
      code: plain.code,
      stdout: plain.stdout,
      stderr: plain.stderr,
    });
  });

  test('where the permission model keeps the agent out, the program runs on, and the reason is told', async (directory, expect) => {
    // Node 20 aborts on this pair of paths with the agent's; 22 and 24 do not; 26 forbids the socket.
    const agentRoot = join(preloadPath, '..', '..');
    const own = [permission, `--allow-fs-read=${agentRoot}`, `--allow-fs-read=${directory}/*`, '--no-warnings'];
    const program = commonJs(`console.log('ran'); ${stay}`, { nodeFlags: own });
    const { code, stdout, heard, reason } = await watch(program, directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ran\n' });
    if (major === 22 || major === 24) expect(hellos(heard)).toHaveLength(1);
    else {
      expect(hellos(heard)).toHaveLength(0);
      expect(reason).toContain('runs without an agent');
    }
  });
});
