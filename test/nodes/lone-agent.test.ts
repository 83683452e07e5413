/** The agent by itself, as its users load it, on every Node: that it never harms its host. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { availableNodes } from './index.ts';
import { agentTests, fetchStatus, register, server, stay } from './lone-agent.ts';
import { startOtlpReceiver, valueOf } from './otlp-receiver.ts';
import { makeWorkplace, runPlain } from './run-program.ts';

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  const test = agentTests(node);

  it.concurrent('a port that is taken costs one warning, and the program serves on', async ({ expect }) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const place = makeWorkplace();
    writeFileSync(join(place.directory, 'p.cjs'), server(`(req, res) => res.end('ok')`));
    const { port } = taken.address() as AddressInfo;
    const child = spawn(node, ['--import', register, join(place.directory, 'p.cjs')], {
      env: { PATH: process.env['PATH'], TMPDIR: place.directory, EBB_PROMETHEUS_PORT: String(port) },
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
          EBB_RECORD_DIR: 'off',
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
    `${stay} setTimeout(() => console.log('done'), 1500);`,
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
          EBB_RECORD_DIR: 'off',
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
      `setTimeout(() => { console.log(Reflect.ownKeys(globalThis).map(String), process.eventNames().map(String).filter((e) => !['warning', 'exit', 'uncaughtExceptionMonitor'].includes(e)), Object.keys(require.cache).length); }, 2000);`,
      `setTimeout(() => { throw new TypeError('as it was'); }, 1000);`,
      `setTimeout(() => process.exit(7), 1000);`,
      `setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1000); setInterval(() => {}, 1000);`,
      `setTimeout(() => Promise.reject(new Error('nobody caught it')), 1000);`,
      `let n = 0; process.on('beforeExit', () => { if (n++ < 2) setTimeout(() => console.log('again', n), 600); });`,
    ];
    try {
      for (const [at, text] of programs.entries()) {
        const program = { name: `same-${String(at)}.cjs`, text, env: { TMPDIR: place.directory } };
        const plain = await runPlain(node, program, place);
        const beside = await runPlain(node, { ...program, nodeFlags: ['--import', register] }, place);
        expect(beside).toEqual(plain);
      }
    } finally {
      place.remove();
    }
  });
});
