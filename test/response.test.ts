// Orders of a real server, carried out by `ebb respond` through a real cluster and a real PM2, while clients ask all the time.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type Server } from '@ebb/server';
import { makeWorkplace, type Workplace } from './nodes/run-program.ts';
import { Clients, places, serve } from './nodes/served-program.ts';

const ebb = fileURLToPath(new URL('../packages/cli/bin/ebb.js', import.meta.url));
const pm2 = fileURLToPath(new URL('../node_modules/.bin/pm2', import.meta.url));
const closing: (() => void | Promise<void>)[] = [];
let place: Workplace;
let server: Server;
let admin: string;

beforeEach(async () => {
  place = makeWorkplace();
  const responseFile = join(place.directory, 'response.yaml');
  writeFileSync(
    responseFile,
    'services: [{ match: { service: shop }, allow: [restart, rollback, trim], least_serving: 2 }]',
  );
  server = await startServer({ database: { directory: join(place.directory, 'data') }, port: 0, responseFile });
  admin = server.firstTokens?.admin ?? '';
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await server.close();
  place.remove();
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function ask(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

/** The server hears of processes, as their agents would tell. */
async function tell(pids: readonly number[]): Promise<void> {
  const value = (key: string, told: object): object => ({ key, value: told });
  const body = {
    resourceMetrics: pids.map((pid) => ({
      resource: {
        attributes: [
          value('service.name', { stringValue: 'shop' }),
          value('service.version', { stringValue: '1.2' }),
          value('service.instance.id', { stringValue: `i${pid}` }),
          value('process.pid', { intValue: pid }),
        ],
      },
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'process.memory.usage',
              gauge: { dataPoints: [{ timeUnixNano: `${Date.now()}000000`, asInt: 50_000_000 }] },
            },
          ],
        },
      ],
    })),
  };
  await ask('POST', '/v1/metrics', body);
  while ((await ask('GET', '/api/v1/services/1/processes')).length !== pids.length) await pause();
}

const pause = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 100));
};

/** Starts `ebb respond` and waits until the server has heard of it. */
async function responder(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  kind = args.includes('--can') ? 'rollback' : 'restart',
): Promise<void> {
  const child = spawn(process.execPath, [ebb, 'respond', '--service', 'shop', '--server', server.url, ...args], {
    env: { ...process.env, ...env, EBB_TOKEN: admin },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  closing.push(async () => {
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
  const wanted = { serviceId: 1, kind, version: 'x' };
  while (!(await ask('POST', '/api/v1/actions/plan', wanted)).allowed) {
    expect(child.exitCode).toBeNull();
    await pause();
  }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function over(id: number): Promise<any> {
  for (;;) {
    const action = await ask('GET', `/api/v1/actions/${id}`);
    if (action.state !== 'ordered' && action.state !== 'running') return action;
    await pause();
  }
}

test('through a cluster: all workers are replaced, none fails, and each step is told', async () => {
  const door = join(place.directory, 'door');
  const service = serve(
    process.execPath,
    place.directory,
    `import cluster from 'node:cluster';
     import { createServer } from 'node:http';
     import { armDrain, serveRestarts } from ${JSON.stringify(places.drain)};
     if (cluster.isPrimary) {
       await serveRestarts({ path: ${JSON.stringify(door)} });
       const pids = [];
       cluster.on('listening', (worker, { port }) => {
         pids.push(worker.process.pid);
         if (pids.length === 3) console.log('port ' + port + ' pids ' + pids.join(','));
       });
       for (let at = 0; at < 3; at++) cluster.fork();
     } else {
       armDrain({ messages: true });
       createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
     }`,
  );
  closing.push(() => void service.child.kill('SIGKILL'));
  const [, port, pids = ''] = await service.line(/^port (\d+) pids ([\d,]+)$/);
  const old = pids.split(',').map(Number);
  await tell(old);
  await responder(['--cluster', door]);
  const clients = new Clients(Number(port), 8);
  await clients.more(100);
  const { id } = await ask('POST', '/api/v1/actions', { serviceId: 1, kind: 'restart', why: 'a test' });
  const action = await over(id);
  await clients.more(100);
  await clients.stop();
  expect(clients.failed).toEqual([]);
  expect(action).toMatchObject({ state: 'done', outcome: '3 of 3 were restarted', orderedBy: 'first admin' });
  expect(action.steps.map(({ oldPid }: { oldPid: number }) => oldPid).sort()).toEqual(old.sort());
  for (const step of action.steps) expect(step.leastServing).toBeGreaterThanOrEqual(3);
});

test('through PM2: every process is replaced, and no request fails', { timeout: 180_000 }, async () => {
  const home = join(place.directory, 'pm2');
  const env = { PATH: process.env['PATH'], HOME: place.directory, PM2_HOME: home, EBB_RECORD_DIR: 'off' };
  const run = (args: string[], more: object = {}): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [pm2, ...args], {
      ...{ cwd: place.directory, encoding: 'utf8' },
      env: { ...env, ...more },
    });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  const portFile = join(place.directory, 'port');
  writeFileSync(
    join(place.directory, 'shop.js'),
    `const server = require('node:http').createServer((request, response) => response.end('ok'));
     server.listen(0, '127.0.0.1', () => require('node:fs').writeFileSync(${JSON.stringify(portFile)}, String(server.address().port)));`,
  );
  closing.push(() => void spawnSync(process.execPath, [pm2, 'kill'], { env }));
  const start = ['start', 'shop.js', '--name', 'shop', '-i', '2', '--kill-timeout', '30000'];
  run([...start, '--node-args', `--require ${places.register}`], { EBB_DRAIN: 'SIGINT' });
  const list = (): { pid: number; pm_id: number }[] => {
    const text = run(['jlist']);
    return JSON.parse(text.slice(text.indexOf('[{'))) as { pid: number; pm_id: number }[];
  };
  while (!existsSync(portFile) || readFileSync(portFile, 'utf8') === '') await pause();
  const old = list().map(({ pid }) => pid);
  await tell(old);
  await responder(['--pm2', 'shop'], { ...env, PATH: `${join(pm2, '..')}:${env.PATH ?? ''}` });
  const clients = new Clients(Number(readFileSync(portFile, 'utf8')), 8);
  await clients.more(100);
  const { id } = await ask('POST', '/api/v1/actions', { serviceId: 1, kind: 'restart', why: 'a test' });
  const action = await over(id);
  await clients.more(100);
  await clients.stop();
  expect(action).toMatchObject({ state: 'done', outcome: '2 of 2 were restarted' });
  expect(clients.failed).toEqual([]);
  const now = list().map(({ pid }) => pid);
  expect(now).toHaveLength(2);
  expect(now.filter((pid) => old.includes(pid))).toEqual([]);
});

test('a process gives freed memory back, by itself, when it is ordered', async () => {
  const service = serve(
    process.execPath,
    place.directory,
    `import { armTrim } from ${JSON.stringify(places.relief)};
     const kept = [];
     let all = Array.from({ length: 3000 }, () => Buffer.alloc(40_000, 1));
     kept.push(...all.filter((_, at) => at % 50 === 0));
     all = null;
     setTimeout(() => gc(), 50);
     setTimeout(() => gc(), 300);
     setTimeout(() => console.log('armed: ' + armTrim().unavailable), 1500);
     setInterval(() => kept.length, 1e6);`,
    { flags: ['--expose-gc'] },
  );
  closing.push(() => void service.child.kill('SIGKILL'));
  await service.line(/^armed: null$/);
  await tell([service.child.pid ?? 0, process.pid]);
  await responder(['--trim'], {}, 'trim');
  const wanted = { serviceId: 1, kind: 'trim', instances: [`i${service.child.pid}`], why: 'a test' };
  const { id } = await ask('POST', '/api/v1/actions', wanted);
  const action = await over(id);
  expect(action).toMatchObject({ state: 'done', outcome: '1 of 1 were trimmed' });
  const [, gave, before, after] =
    /gave back (\d+) MB \((\d+) MB before, ([\d.]+) MB after\): malloc_trim took \d+ ms$/.exec(action.steps[0].text) ??
    [];
  expect(Number(gave)).toBeGreaterThan(50);
  expect(Number(before) - Number(after)).toBeGreaterThan(50);
});

test('ebb rollback shows the plan and does nothing; with --yes a command does it', async () => {
  await tell([process.pid, process.ppid]);
  const rollback = async (...args: string[]): Promise<{ code: number | null; text: string }> => {
    const child = spawn(process.execPath, [ebb, 'rollback', 'shop', '--server', server.url, ...args], {
      env: { ...process.env, EBB_TOKEN: admin },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, text };
  };
  const refused = await rollback('--to', '1.1');
  expect(refused.code).toBe(1);
  expect(refused.text).toContain('REFUSED    nobody who could do it was heard of in the last minute');
  const file = join(place.directory, 'version');
  await responder(['--can', 'rollback', '--', 'sh', '-c', `printf %s "$EBB_VERSION" > ${file}`]);
  const planned = await rollback('--to', '1.1');
  expect(planned).toMatchObject({ code: 0, text: expect.stringContaining('Nothing was done. --yes orders it.') });
  expect(planned.text.split('\n').slice(0, 3)).toEqual([
    'ROLL BACK shop to 1.1',
    '',
    'Ebb hears of no process that runs 1.1, and cannot say whether going there helps.',
  ]);
  expect(existsSync(file)).toBe(false);
  const done = await rollback('--to', '1.1', '--why', 'a test', '--yes');
  expect(done).toMatchObject({ code: 0, text: expect.stringContaining('done: the command ended with 0') });
  expect(readFileSync(file, 'utf8')).toBe('1.1');
  expect((await rollback()).text).toContain('EBB_CLI_ROLLBACK_VERSION');
});

test.each([
  [[], 'give one of --cluster SOCKET, --pm2 APP, or a COMMAND behind --; or --trim'],
  [['--pm2', 'shop', '--cluster', '/run/x'], 'give one of --cluster SOCKET, --pm2 APP, or a COMMAND behind --'],
  [['--trim', '--can', 'trim', '--', './trim.sh'], 'give --trim, or a COMMAND with --can trim: not both do it'],
  [
    ['--can', 'trimm', '--', './trim.sh'],
    "it is of restart, rollback, rollforward, raise-limit, trim, shed, switch-off, not 'trimm'",
  ],
])('ebb respond with %j does not start, and says why', (args, reason) => {
  const { status, stderr } = spawnSync(process.execPath, [ebb, 'respond', '--service', 'shop', ...args], {
    ...{ encoding: 'utf8', env: { ...process.env, EBB_TOKEN: admin } },
  });
  expect(status).toBe(2);
  expect(stderr).toContain(reason);
});
