/** The agent by itself, as its users load it, on every Node: what it exports. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { agentTests, fetchStatus, fetchText, freePort, register, server, stay } from './lone-agent.ts';
import { type ReceivedExport, valueOf } from './otlp-receiver.ts';
import { makeWorkplace } from './run-program.ts';

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  const test = agentTests(node);
  /** Below those that are given to connections: for this Node, and this run, sixteen. */
  const prometheusPort = 20_000 + (process.pid % 150) * 64 + ((major - 20) / 2) * 16;

  test(
    'it exports standard metrics of process, heap, event loop and requests, and its own',
    server(`(req, res) => {
      if (req.url === '/boom') res.statusCode = 500;
      if (req.url === '/cut') { res.write('x'); res.socket.destroy(); return; }
      res.end('ok');
    }`),
    {
      env: { OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=te%20st' },
      files: { 'package.json': '{"name":"not-this","version":"3.1.4"}' },
    },
    async ({ child, receiver, printed, ended, stderr }, expect) => {
      const port = await printed(/port (\d+)\./);
      // The agent comes in just after the program.
      await receiver.until(() => true);
      await fetchStatus(port, '/users/42');
      await fetchStatus(port, '/users/43?token=secret');
      await fetchStatus(port, '/boom');
      await fetchStatus(port, '/cut').catch(() => undefined);
      const received = await receiver.until((each) => valueOf(each, 'ebb.requests') === 4);
      expect(received.resource).toMatchObject({
        'service.name': 'shop',
        'service.version': '3.1.4',
        'deployment.environment.name': 'te st',
        'process.pid': child.pid,
        'process.runtime.name': 'nodejs',
        'telemetry.sdk.language': 'nodejs',
      });
      expect(received.metrics.get('http.server.request.duration')).toEqual(
        expect.arrayContaining([
          {
            attributes: { 'http.request.method': 'GET', 'http.route': '/users/:id', 'http.response.status_code': 200 },
            value: undefined,
            count: 2,
          },
          {
            attributes: {
              'http.request.method': 'GET',
              'http.route': '/boom',
              'http.response.status_code': 500,
              'error.type': '500',
            },
            value: undefined,
            count: 1,
          },
          {
            attributes: { 'http.request.method': 'GET', 'http.route': '/cut', 'error.type': 'aborted' },
            value: undefined,
            count: 1,
          },
        ]),
      );
      expect(valueOf(received, 'process.memory.usage')).toBeGreaterThan(1e7);
      expect(valueOf(received, 'process.cpu.time', { 'cpu.mode': 'user' })).toBeGreaterThan(0);
      expect(valueOf(received, 'v8js.memory.heap.used', { 'v8js.heap.space.name': 'old_space' })).toBeGreaterThan(1e6);
      expect(valueOf(received, 'nodejs.eventloop.utilization')).toBeLessThanOrEqual(1);
      expect(valueOf(received, 'nodejs.eventloop.delay.p99')).toBeGreaterThanOrEqual(0);
      expect(valueOf(received, 'ebb.memory.limit', { 'ebb.limit.kind': 'heap' })).toBeGreaterThan(1e8);
      expect(valueOf(received, 'ebb.memory.native')).toBeGreaterThan(0);
      expect(valueOf(received, 'ebb.verdict', { 'ebb.verdict': 'warming' })).toBe(1);
      expect(valueOf(received, 'ebb.verdict')).toBe(1);
      const native = await receiver.until((each) => valueOf(each, 'ebb.memory.mapped') !== undefined);
      expect(valueOf(native, 'ebb.memory.mapped', { 'ebb.mapping.kind': 'files' })).toBeGreaterThan(1e6);
      child.stdin.end();
      expect(await ended).toBe(0);
      expect(stderr()).toBe('');
    },
  );

  test(
    'it exports the floor with its age, what V8 knows of beside the heap, what is beside that, collections and warnings',
    `const { EventEmitter } = require('node:events');
     globalThis.held = new Uint8Array(64e6).fill(1);
     globalThis.kept = Array.from({ length: 300_000 }, (_, i) => ({ i }));
     const collecting = setInterval(() => gc(), 100);
     process.stdin.once('data', () => {
       clearInterval(collecting);
       const emitter = new EventEmitter();
       for (let i = 0; i < 11; i++) emitter.on('tick', () => i);
     }).on('end', () => process.exit());`,
    { flags: ['--expose-gc', '--no-warnings', '--require', register] },
    async ({ child, receiver }, expect) => {
      const of = (name: string, kind: string): number | undefined =>
        valueOf(received, name, { 'ebb.memory.kind': kind });
      // The second one: shares are since the one before.
      const received = await receiver.until(
        (each) => valueOf(each, 'ebb.memory.floor') !== undefined && each !== receiver.exports[0],
      );
      // 300,000 objects of 16 bytes at least, and a pointer to each.
      expect(of('ebb.memory.floor', 'heap')).toBeGreaterThan(300_000 * 20);
      expect(of('ebb.memory.floor', 'heap')).toBeLessThan(valueOf(received, 'ebb.memory.limit') ?? 0);
      expect(of('ebb.memory.floor', 'array_buffers')).toBeGreaterThanOrEqual(64e6);
      expect(of('ebb.memory.floor', 'external')).toBeGreaterThanOrEqual(0);
      expect(valueOf(received, 'ebb.memory.array_buffers')).toBeGreaterThanOrEqual(64e6);
      expect(valueOf(received, 'ebb.memory.external')).toBeGreaterThanOrEqual(0);
      const rssBytes = valueOf(received, 'process.memory.usage') ?? 0;
      expect(valueOf(received, 'ebb.memory.native')).toBeGreaterThan(0);
      expect(valueOf(received, 'ebb.memory.native')).toBeLessThan(rssBytes - 64e6);
      expect(valueOf(received, 'ebb.memory.room', { 'ebb.limit.kind': 'heap' })).toBeGreaterThan(0);
      expect(valueOf(received, 'ebb.gc.share')).toBeGreaterThan(0);
      expect(valueOf(received, 'ebb.gc.share')).toBeLessThanOrEqual(1);
      expect(valueOf(received, 'v8js.gc.duration', { 'v8js.gc.type': 'major' })).toBeGreaterThan(0);
      expect(valueOf(received, 'v8js.resource.active', { 'v8js.resource.type': 'Timeout' })).toBeGreaterThan(0);
      expect(valueOf(received, 'ebb.listener.warnings')).toBe(0);
      child.stdin.write('go');
      // Nobody collects any more: the floor stays, and grows old.
      const later = await receiver.until((each) => (valueOf(each, 'ebb.memory.floor.age') ?? 0) > 3);
      expect(valueOf(later, 'ebb.memory.floor', { 'ebb.memory.kind': 'array_buffers' })).toBeGreaterThanOrEqual(64e6);
      expect(valueOf(later, 'ebb.listener.warnings')).toBe(1);
    },
  );

  test(
    'nothing of what the program holds, and nothing of what clients sent, stands in what it exports or serves',
    `globalThis.held = { password: 'hunter2', list: ['hunter2 again'], ['hunter2 key']: 1 };
     class Hunter2Session {}
     globalThis.sessions = new Map([['hunter2', new Hunter2Session()]]);
     setInterval(() => process.emitWarning('hunter2'), 200);
     ${server(`(req, res) => { req.resume().on('end', () => {
       if (req.url.startsWith('/boom')) { res.statusCode = 500; res.statusMessage = 'hunter2'; }
       res.setHeader('x-token', 'hunter2'); res.end('hunter2');
     }); }`)}`,
    {
      env: {
        DATABASE_PASSWORD: 'hunter2',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-service',
        EBB_PROMETHEUS_PORT: String(prometheusPort + 8),
      },
      flags: ['--no-warnings', '--import', register],
    },
    async ({ receiver, printed }, expect) => {
      const port = await printed(/port (\d+)\./);
      await receiver.until(() => true);
      const send = async (path: string): Promise<void> => {
        const headers = {
          authorization: 'hunter2',
          cookie: 's=hunter2',
          'user-agent': 'hunter2',
          'x-forwarded-for': '203.0.113.77',
        };
        await (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: 'hunter2', headers })).text();
      };
      for (const path of ['/a?token=hunter2', '/boom/hunter2@example.org', '/b#hunter2', '/reset/hunter2-5f0c8e21d7'])
        await send(path);
      const received = await receiver.until((each) => valueOf(each, 'ebb.requests') === 4);
      // The client is counted, all the same.
      expect(received.metrics.get('ebb.clients')).toBeDefined();
      const scraped = await fetchText(String(prometheusPort + 8), '/metrics');
      expect(scraped).toContain('/reset/:id');
      for (const text of [...receiver.texts, scraped]) {
        expect(text).not.toMatch(/hunter2/i);
        expect(text).not.toContain('203.0.113');
      }
    },
  );

  test(
    'it leaves a last export when the program ends, and none of it delays the end',
    `${stay} process.stdin.on('end', () => process.exit(3));`,
    { env: { OTEL_METRIC_EXPORT_INTERVAL: '3600000' } },
    async ({ child, receiver, ended }, expect) => {
      await receiver.until(() => true);
      // The verdict's first change brings an export, too; what counts is one after the end was asked for.
      const before = receiver.exports.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      child.stdin.end();
      expect(await ended).toBe(3);
      const last = await receiver.until(() => receiver.exports.length > before);
      // Whoever ends with an error has not ended in order.
      expect(last.metrics.has('ebb.ended')).toBe(false);
    },
  );

  test(
    'a program that ends in order when it is asked to says so in its last export',
    `${stay} process.on('SIGTERM', () => process.exit(0));`,
    { env: { OTEL_METRIC_EXPORT_INTERVAL: '3600000' } },
    async ({ child, receiver, ended }, expect) => {
      const first = await receiver.until(() => true);
      expect(first.metrics.has('ebb.ended')).toBe(false);
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(valueOf(await receiver.until((each) => each.metrics.has('ebb.ended')), 'ebb.ended')).toBe(1);
    },
  );

  test(
    'the program tells the routes of a framework that shows none, by a channel',
    server(`(req, res) => {
      require('node:diagnostics_channel').channel('ebb.http.route').publish({ request: req, route: '/shelves/:shelf/' });
      res.end();
    }`),
    {},
    async ({ receiver, printed }, expect) => {
      const port = await printed(/port (\d+)\./);
      await receiver.until(() => true);
      await fetchStatus(port, '/shelves/books');
      const received = await receiver.until((each) => valueOf(each, 'ebb.requests') === 1);
      expect(valueOf(received, 'http.server.request.duration', { 'http.route': '/shelves/:shelf' })).toBe(1);
    },
  );

  test(
    'each worker thread is an instance of its own, and only the main thread tells of the process',
    // Node runs what --import names in workers that are files, but not in those that are text; --require in both.
    `const { Worker } = require('node:worker_threads');
     new Worker(__dirname + '/worker.cjs'); ${stay} process.stdin.on('end', () => process.exit());`,
    { files: { 'worker.cjs': 'setInterval(() => {}, 1000);' } },
    async ({ receiver }, expect) => {
      const worker = await receiver.until(({ resource }) => resource['thread.id'] !== undefined);
      const main = await receiver.until(({ resource }) => resource['thread.id'] === undefined);
      const instance = String(main.resource['service.instance.id']);
      expect(worker.resource['service.instance.id']).toBe(`${instance}/${String(worker.resource['thread.id'])}`);
      expect(worker.resource['process.pid']).toBe(main.resource['process.pid']);
      expect(valueOf(main, 'process.memory.usage')).toBeGreaterThan(0);
      expect(valueOf(worker, 'process.memory.usage')).toBeUndefined();
      expect(valueOf(worker, 'v8js.memory.heap.used')).toBeGreaterThan(0);
      expect(valueOf(worker, 'ebb.verdict')).toBe(1);
    },
  );

  test(
    'each worker of a cluster is a series of its own, by OTLP and on a port of its own for Prometheus',
    `const cluster = require('node:cluster');
     if (cluster.isPrimary) { cluster.fork(); cluster.fork(); ${stay} process.stdin.on('end', () => process.exit()); }
     else require('node:http').createServer((q, s) => s.end()).listen(0);`,
    { env: { EBB_PROMETHEUS_PORT: String(prometheusPort) } },
    async ({ receiver }, expect) => {
      const pids = new Set<unknown>();
      const instances = new Set<unknown>();
      await receiver.until(({ resource }) => {
        pids.add(resource['process.pid']);
        instances.add(resource['service.instance.id']);
        return pids.size === 3;
      });
      expect(instances.size).toBe(3);
      const served = await Promise.all(
        [0, 1, 2].map(async (offset) => {
          for (;;) {
            const text = await fetchText(String(prometheusPort + offset), '/metrics').catch(() => '');
            const instance = /^target_info\{.*service_instance_id="([^"]+)"/m.exec(text)?.[1];
            if (instance !== undefined) return instance;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }),
      );
      expect(new Set(served)).toEqual(instances);
    },
  );

  test(
    'a leak is told on standard error, once, with what to do, where nothing else is configured',
    `const kept = []; setInterval(() => { for (let i = 0; i < 3000; i++) kept.push({ i, t: 'x' + i, a: [i] }); gc(); }, 200);`,
    {
      otlp: false,
      flags: ['--max-old-space-size=500', '--expose-gc', '--require', register],
      env: { EBB_WARMUP: '300', EBB_SAMPLE_INTERVAL: '30' },
    },
    async ({ child, stderr }, expect) => {
      await new Promise<void>((resolve) => {
        child.stderr.on('data', () => {
          if (stderr().includes('EBB_AGENT_LEAK')) resolve();
        });
        child.once('close', () => {
          resolve();
        });
      });
      const [line] = stderr()
        .split('\n')
        .filter((text) => text.includes('EBB_AGENT_LEAK'));
      expect(JSON.parse(line ?? '')).toMatchObject({
        level: 'error',
        source: 'ebb',
        code: 'EBB_AGENT_LEAK',
        pid: child.pid,
        threadId: 0,
        verdict: 'leak',
        message: expect.stringMatching(/this process leaks.*ebb watch/) as string,
        evidence: expect.arrayContaining([expect.stringMatching(/\d/)]) as string[],
      });
    },
  );

  test(
    'where it may, it has V8 collect when a leak is suspected, nothing is done, and the last floor is old: a fresh one comes',
    `const kept = [];
     const growing = setInterval(() => { for (let i = 0; i < 3000; i++) kept.push({ i, t: 'x' + i, a: [i] }); gc(); }, 100);
     process.stdin.once('data', () => clearInterval(growing)).on('end', () => process.exit());`,
    {
      // The agent's clock goes twenty times as fast as the program's.
      flags: [
        '--expose-gc',
        '--no-memory-reducer',
        '--require',
        './fast.cjs',
        '--require',
        register,
        '--require',
        './real.cjs',
      ],
      files: {
        'fast.cjs': `const { now } = Date; const { hrtime } = process; const from = now(); const [s0, n0] = hrtime();
          globalThis.realClock = () => { Date.now = now; process.hrtime = hrtime; delete globalThis.realClock; };
          Date.now = () => from + (now() - from) * 20;
          process.hrtime = () => { const [s, n] = hrtime(); const ns = ((s - s0) * 1e9 + n - n0) * 20; return [Math.floor(ns / 1e9), ns % 1e9]; };
          const vm = require('node:vm'); const { measureMemory } = vm;
          vm.measureMemory = (options) => { console.log('asked.'); return measureMemory(options); };`,
        'real.cjs': 'realClock();',
      },
      env: { EBB_IDLE_COLLECTIONS: '1', EBB_WARMUP: '60000', EBB_SAMPLE_INTERVAL: '30' },
    },
    async ({ child, receiver, printed, stdout, stderr }, expect) => {
      await receiver.until((each) => valueOf(each, 'ebb.suspicious') === 1);
      child.stdin.write('stop');
      await printed(/asked\./);
      const ageOf = (each: ReceivedExport): number => valueOf(each, 'ebb.memory.floor.age') ?? 0;
      await receiver.until((each) => ageOf(each) > 60);
      const old = receiver.exports.length;
      await receiver.until((each) => receiver.exports.indexOf(each) >= old && ageOf(each) < 60);
      expect(stdout()).toMatch(/^(asked\.\n)+$/);
      // V8 calls it experimental, which nobody is told.
      expect(stderr()).toBe('');
    },
  );

  it.concurrent('a scrape tells requests by route and each worker thread apart', async ({ expect }) => {
    const place = makeWorkplace();
    const port = await freePort();
    const text = `const { Worker } = require('node:worker_threads');
      new Worker('setInterval(() => {}, 1000)', { eval: true });
      ${server(`(req, res) => res.end('ok')`)} process.stdin.on('end', () => process.exit());`;
    writeFileSync(join(place.directory, 'p.cjs'), text);
    const child = spawn(node, ['--require', register, join(place.directory, 'p.cjs')], {
      env: { PATH: process.env['PATH'], TMPDIR: place.directory, EBB_PROMETHEUS_PORT: port },
      stdio: 'pipe',
    });
    try {
      const own = await new Promise<string>((resolve) => {
        child.stdout.on('data', (part: Buffer) => {
          resolve(/port (\d+)/.exec(part.toString())?.[1] ?? '');
        });
      });
      const scrape = async (wanted: RegExp): Promise<string> => {
        for (;;) {
          const answer = await fetchText(port, '/metrics').catch(() => '');
          if (wanted.test(answer)) return answer;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      };
      await scrape(/process_memory_usage_bytes/);
      expect(await fetchStatus(port, '/else')).toBe(404);
      expect(await fetchStatus(port, '/metrics', 'DELETE')).toBe(405);
      const posted = await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST', body: 'x' });
      expect(posted.status).toBe(405);
      await fetchStatus(own, '/a/1');
      const answer = await scrape(/ebb_requests_total 1\n/);
      expect(answer).toContain(
        'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/a/:id",http_response_status_code="200"} 1',
      );
      expect(answer).not.toContain('/metrics');
      await scrape(/ebb_verdict\{ebb_verdict="warming",thread_id="1"\} 1/);
    } finally {
      child.kill('SIGKILL');
      place.remove();
    }
  });
});
