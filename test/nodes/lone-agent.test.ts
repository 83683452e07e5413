/** The agent by itself, as its users load it, on every Node: what it exports, and that it never harms its host. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, get as httpGet } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { type OtlpReceiver, startOtlpReceiver, valueOf } from './otlp-receiver.ts';
import { makeWorkplace, runPlain } from './run-program.ts';

const register = fileURLToPath(import.meta.resolve('@ebb/agent/register'));

interface Running {
  child: ChildProcessWithoutNullStreams;
  receiver: OtlpReceiver;
  directory: string;
  stdout(): string;
  stderr(): string;
  /** Waits for text on standard output, and returns what its group matched. */
  printed(pattern: RegExp): Promise<string>;
  ended: Promise<number | string | null>;
}

/** Ends when its standard input does. */
const stay = `process.stdin.resume();`;

/** Serves `handle`, tells its port, and ends with its standard input. */
const server = (handle: string): string => `
  const http = require('node:http');
  const server = http.createServer(${handle}).listen(0, '127.0.0.1', () => console.log('port ' + server.address().port + '.'));
  process.stdin.resume().on('end', () => { server.close(); server.closeAllConnections(); });`;

async function fetchStatus(port: string, path: string, method = 'GET'): Promise<number> {
  return await new Promise((resolve, reject) => {
    const request = httpGet({ port: Number(port), host: '127.0.0.1', path, method, agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    request.on('error', reject);
  });
}

async function fetchText(port: string, path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

/** A port that nobody listens on, as far as can be told. */
async function freePort(): Promise<string> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return String(port);
}

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  const test = (
    name: string,
    text: string,
    settings: { env?: Record<string, string>; flags?: string[]; files?: Record<string, string>; otlp?: boolean },
    run: (running: Running, expect: typeof import('vitest').expect) => Promise<void>,
  ): void => {
    // A leak is judged by how it grows in time, which a busy machine stretches.
    it.concurrent(name, { timeout: 150_000 }, async ({ expect }) => {
      const place = makeWorkplace();
      const receiver = await startOtlpReceiver();
      const { directory } = place;
      for (const [file, content] of Object.entries({ ...settings.files, 'program.cjs': text })) {
        writeFileSync(join(directory, file), content);
      }
      const child = spawn(node, [...(settings.flags ?? ['--import', register]), join(directory, 'program.cjs')], {
        cwd: directory,
        env: {
          PATH: process.env['PATH'],
          EBB_SAMPLE_INTERVAL: '50',
          OTEL_METRIC_EXPORT_INTERVAL: '1000',
          ...(settings.otlp === false ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }),
          ...settings.env,
        },
        stdio: 'pipe',
      });
      child.stdin.on('error', () => undefined);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
      child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
      const ended = new Promise<number | string | null>((resolve) => {
        child.once('close', (code, signal) => {
          resolve(code ?? signal);
        });
      });
      const printed = (pattern: RegExp): Promise<string> =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            const found = pattern.exec(stdout);
            if (found !== null) resolve(found[1] ?? found[0]);
          };
          child.stdout.on('data', look);
          void ended.then((end) => {
            reject(new Error(`ended with ${String(end)}: ${stdout}${stderr}`));
          });
          look();
        });
      try {
        await run({ child, receiver, directory, stdout: () => stdout, stderr: () => stderr, printed, ended }, expect);
        expect(receiver.faults).toEqual([]);
      } finally {
        child.kill('SIGKILL');
        receiver.close();
        place.remove();
      }
    });
  };

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
      await receiver.until(() => receiver.exports.length > before);
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
    { env: { EBB_PROMETHEUS_PORT: '23464' } },
    async ({ receiver }, expect) => {
      const pids = new Set<unknown>();
      const instances = new Set<unknown>();
      await receiver.until(({ resource }) => {
        pids.add(resource['process.pid']);
        instances.add(resource['service.instance.id']);
        return pids.size === 3;
      });
      expect(instances.size).toBe(3);
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

  it.concurrent('a scrape tells requests by route and each worker thread apart', async ({ expect }) => {
    const place = makeWorkplace();
    const port = await freePort();
    const text = `const { Worker } = require('node:worker_threads');
      new Worker('setInterval(() => {}, 1000)', { eval: true });
      ${server(`(req, res) => res.end('ok')`)} process.stdin.on('end', () => process.exit());`;
    writeFileSync(join(place.directory, 'p.cjs'), text);
    const child = spawn(node, ['--require', register, join(place.directory, 'p.cjs')], {
      env: { PATH: process.env['PATH'], EBB_PROMETHEUS_PORT: port },
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

  it.concurrent('a port that is taken costs one warning, and the program serves on', async ({ expect }) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const place = makeWorkplace();
    writeFileSync(join(place.directory, 'p.cjs'), server(`(req, res) => res.end('ok')`));
    const { port } = taken.address() as AddressInfo;
    const child = spawn(node, ['--import', register, join(place.directory, 'p.cjs')], {
      env: { PATH: process.env['PATH'], EBB_PROMETHEUS_PORT: String(port) },
      stdio: 'pipe',
    });
    try {
      const line = new Promise<string>((resolve) => {
        child.stderr.on('data', (part: Buffer) => {
          resolve(part.toString());
        });
      });
      const own = await new Promise<string>((resolve) => {
        child.stdout.on('data', (part: Buffer) => {
          resolve(/port (\d+)/.exec(part.toString())?.[1] ?? '');
        });
      });
      expect(JSON.parse(await line)).toMatchObject({
        level: 'warn',
        code: 'EBB_AGENT_PROMETHEUS',
        message: `Prometheus cannot be served on 127.0.0.1:${String(port)} (EADDRINUSE).`,
      });
      expect(await fetchStatus(own, '/')).toBe(200);
    } finally {
      child.kill('SIGKILL');
      taken.close();
      place.remove();
    }
  });

  test(
    'a receiver that takes connections and never answers does not keep the program from ending',
    `${stay} console.log('up');`,
    {},
    async ({ ended, directory }, expect) => {
      void ended;
      const silent = createTcpServer((socket) => socket.on('error', () => undefined));
      let connected: () => void = () => undefined;
      const connection = new Promise<void>((resolve) => (connected = resolve));
      silent.on('connection', () => {
        connected();
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const child = spawn(node, ['--import', register, join(directory, 'program.cjs')], {
        env: {
          PATH: process.env['PATH'],
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`,
          // Longer than the test may take.
          OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
        },
        stdio: 'pipe',
      });
      try {
        await connection;
        child.stdin.end();
        expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
      } finally {
        child.kill('SIGKILL');
        silent.close();
      }
    },
  );

  test(
    'a clock that jumps by hours, to and fro, breaks neither exports nor the program',
    stay,
    {
      flags: ['--require', './jump.cjs', '--import', register],
      files: {
        'jump.cjs': `let n = 0; const real = Date.now; Date.now = () => real() + [0, 36e5, -36e5, -864e5][n++ >> 3 & 3];`,
      },
    },
    async ({ child, receiver, ended, stderr }, expect) => {
      await receiver.until(() => receiver.exports.length >= 4);
      for (const received of receiver.exports) {
        const age = valueOf(received, 'ebb.memory.floor.age');
        if (age !== undefined) expect(age).toBeGreaterThanOrEqual(0);
      }
      child.stdin.end();
      expect(await ended).toBe(0);
      expect(stderr()).toBe('');
    },
  );

  test(
    'it does nothing where it is turned off',
    `${stay} setTimeout(() => console.log('done'), 500);`,
    { env: { OTEL_SDK_DISABLED: 'true', EBB_PROMETHEUS_PORT: '1' } },
    async ({ child, receiver, printed, ended, stderr }, expect) => {
      await printed(/done/);
      child.stdin.end();
      expect(await ended).toBe(0);
      expect(receiver.exports).toEqual([]);
      expect(stderr()).toBe('');
    },
  );

  it.concurrent.each([
    ['--import', '@ebb/agent'],
    ['--import', '@ebb/agent/register'],
    ['--require', '@ebb/agent/register'],
  ])('is loaded by %s %s, on the command line and by NODE_OPTIONS', async (flag, name) => {
    const receiver = await startOtlpReceiver();
    const start = (flags: string[], nodeOptions: string): ChildProcessWithoutNullStreams =>
      spawn(node, [...flags, '-e', 'process.stdin.resume()'], {
        // From where the package's name can be resolved.
        cwd: dirname(fileURLToPath(import.meta.url)),
        env: {
          PATH: process.env['PATH'],
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          ...(nodeOptions === '' ? {} : { NODE_OPTIONS: nodeOptions }),
        },
        stdio: 'pipe',
      });
    const children = [start([flag, name], ''), start([], `${flag} ${name}`)];
    try {
      for (const { pid } of children) await receiver.until(({ resource }) => resource['process.pid'] === pid);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      receiver.close();
    }
  });

  it.concurrent('a program that is not configured behaves as it does without the agent', async ({ expect }) => {
    const place = makeWorkplace();
    const programs = [
      `setTimeout(() => { console.log(Reflect.ownKeys(globalThis).map(String), process.eventNames().map(String).filter((e) => e !== 'warning'), Object.keys(require.cache).length); }, 1500);`,
      `setTimeout(() => { throw new TypeError('as it was'); }, 300);`,
      `setTimeout(() => process.exit(7), 300);`,
      `setTimeout(() => process.kill(process.pid, 'SIGTERM'), 300); setInterval(() => {}, 1000);`,
      `setTimeout(() => Promise.reject(new Error('nobody caught it')), 300);`,
      `let n = 0; process.on('beforeExit', () => { if (n++ < 2) setTimeout(() => console.log('again', n), 100); });`,
    ];
    try {
      for (const text of programs) {
        const program = { name: 'same.cjs', text };
        const plain = await runPlain(node, program, place);
        const beside = await runPlain(node, { ...program, nodeFlags: ['--import', register] }, place);
        expect(beside).toEqual(plain);
      }
    } finally {
      place.remove();
    }
  });
});
