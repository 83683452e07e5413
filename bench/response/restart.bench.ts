/**
 * Does a restart of all workers, one after the other, fail a request? A service under full load by autocannon (100,000
 * requests, 50 connections), restarted again and again meanwhile: a Node cluster by `serveRestarts()`, PM2 in cluster mode
 * by `pm2 reload`; beside each the same without the drain (`pm2 reload` of a service that has none).
 *
 * autocannon does not heed `Connection: close` (RFC 9112, 9.6: no further request on this connection): it sends its next
 * request on the connection that is being closed, sees the end instead of an answer, and counts it neither as answered nor
 * as an error. So each is driven twice: by autocannon as it is, and by one that heeds it, where every request that was sent
 * has to be answered. `unanswered` are requests that were sent and have no answer.
 *
 * With `--write` the table is kept in results/.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

const requests = Number(process.env['REQUESTS'] ?? 100_000);
const workers = 3;
const only = process.env['ONLY'];
const folder = mkdtempSync(join(tmpdir(), 'ebb-restart-bench-'));
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const drain = new URL('../../packages/agent/dist/drain/index.js', import.meta.url).href;
const pm2 = at('node_modules/.bin/pm2');
const pm2Env = { PATH: process.env['PATH'], HOME: folder, PM2_HOME: join(folder, 'pm2'), EBB_RECORD_DIR: 'off' };

interface Restarts {
  /** Restarts all; what served at the least meanwhile. */
  all(): Promise<number>;
  stop(): void;
}

const answering = `
const { appendFileSync } = require('node:fs');
const tell = (change) => process.env.SERVING && appendFileSync(process.env.SERVING, change + ' ' + Date.now() + '\\n');
require('node:http')
  .createServer((q, a) => setImmediate(() => a.end('ok')))
  .listen(Number(process.env.PORT), '127.0.0.1', () => tell('+1'));
if (process.env.EBB_DRAIN === 'SIGINT') process.on('SIGINT', () => tell('-1'));
`;

/** What PM2's workers told in a file when they began to listen, and when they were asked to end: how many served at the least. */
function leastServing(file: string): number {
  const changes = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))
    .sort(([, a], [, b]) => a - b);
  let [now, least] = [0, Infinity];
  for (const [at, [change]] of changes.entries()) {
    now += change;
    if (at >= workers - 1) least = Math.min(least, now);
  }
  return least;
}

async function cluster(port: number): Promise<Restarts> {
  const door = join(folder, 'door');
  writeFileSync(
    join(folder, 'primary.mjs'),
    `import cluster from 'node:cluster';
     import { createRequire } from 'node:module';
     import { armDrain, serveRestarts } from ${JSON.stringify(drain)};
     const require = createRequire(import.meta.url);
     if (cluster.isPrimary) {
       await serveRestarts({ path: ${JSON.stringify(door)}, leastServing: ${workers} });
       for (let i = 0; i < ${workers}; i++) cluster.fork();
     } else { armDrain({ messages: true }); ${answering} }`,
  );
  const child = spawn(process.execPath, [join(folder, 'primary.mjs')], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'inherit',
  });
  return {
    all: async () => {
      const text = await new Promise<string>((resolve, reject) => {
        let heard = '';
        const socket = connect(door, () => socket.write('{"action":"restart"}\n'));
        socket.on('data', (chunk) => (heard += chunk.toString())).on('error', reject);
        socket.on('end', () => {
          resolve(heard);
        });
      });
      const { report } = JSON.parse(text.trim().split('\n').at(-1) ?? '') as {
        report: { ok: boolean; failure: unknown; steps: { leastServing: number }[] };
      };
      if (!report.ok) throw new Error(JSON.stringify(report.failure));
      return Math.min(...report.steps.map(({ leastServing }) => leastServing));
    },
    stop: () => child.kill('SIGTERM'),
  };
}

function runPm2(args: string[], env: object = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [pm2, ...args], {
    ...{ cwd: folder, encoding: 'utf8', env: { ...pm2Env, ...env } },
  });
  if (status !== 0) throw new Error(stderr + stdout);
  return stdout;
}

function managed(drained: boolean): (port: number) => Promise<Restarts> {
  return async (port) => {
    writeFileSync(join(folder, 'shop.js'), answering);
    const start = ['start', 'shop.js', '--name', 'shop', '-i', String(workers), '--kill-timeout', '30000'];
    // On a busy machine a start takes longer than PM2's three seconds, after which it ends the old process anyway.
    start.push('--listen-timeout', '30000');
    const register = ['--node-args', `--require ${at('packages/agent/dist/register.cjs')}`];
    const serving = join(folder, `serving-${port}`);
    runPm2([...start, ...register], {
      ...{ PORT: String(port), SERVING: serving },
      ...(drained ? { EBB_DRAIN: 'SIGINT' } : {}),
    });
    return await Promise.resolve({
      all: async () => {
        // In a process of its own: the load is made in this one.
        const child = spawn(process.execPath, [pm2, 'reload', 'shop'], { env: pm2Env, stdio: 'ignore' });
        const code = await new Promise((resolve) => child.once('exit', resolve));
        if (code !== 0) throw new Error(`pm2 reload ended with ${String(code)}`);
        return drained ? leastServing(serving) : Number.NaN;
      },
      stop: () => void runPm2(['kill']),
    });
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What autocannon's client offers, as far as it is used; it is not documented. */
interface Connection {
  on(event: 'headers', hear: (told: { headers: readonly string[] }) => void): void;
  _doRequest(): void;
  _destroyConnection(): void;
  _connect(): void;
}

/** Has a client of autocannon send its next request on another connection when it is told that this one is closed. */
function heedClose(client: Connection): void {
  const send = client._doRequest.bind(client);
  let isClosing = false;
  client.on('headers', ({ headers }) => {
    isClosing = headers.some((word, at) => word.toLowerCase() === 'connection' && headers[at + 1] === 'close');
  });
  client._doRequest = () => {
    if (!isClosing) {
      send();
      return;
    }
    isClosing = false;
    client._destroyConnection();
    client._connect();
  };
}

const lines = [
  `${process.version.replace('v', 'Node v')}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${loadavg()[0]?.toFixed(1) ?? '?'}. ${requests} requests, 50 connections, ${workers} processes.`,
  '',
  `| restarted by | client | sent | answered | unanswered | failed | rounds of ${workers} | served at the least |`,
  '|---|---|---:|---:|---:|---:|---:|---:|',
];
for (const [name, start, heeds] of [
  ['`serveRestarts()` in a Node cluster', cluster, true],
  ['`serveRestarts()` in a Node cluster', cluster, false],
  ['`pm2 reload`, with the drain', managed(true), true],
  ['`pm2 reload`, with the drain', managed(true), false],
  ['`pm2 reload`, without', managed(false), true],
] as const) {
  if (only !== undefined && !`${name} ${heeds}`.includes(only)) continue;
  const port = await freePort();
  const restarts = await start(port);
  const url = `http://127.0.0.1:${port}/`;
  while (
    !(await fetch(url)
      .then(({ ok }) => ok)
      .catch(() => false))
  )
    await delay(50);
  await delay(2000);
  let over = false;
  const load = new Promise<autocannon.Result>((resolve, reject) => {
    const setupClient = heeds ? (heedClose as unknown as NonNullable<autocannon.Options['setupClient']>) : undefined;
    autocannon(
      { url, connections: 50, amount: requests, ...(setupClient === undefined ? {} : { setupClient }) },
      (error: Error | null, result) => {
        over = true;
        if (error === null) resolve(result);
        else reject(error);
      },
    );
  });
  let [rounds, least] = [0, Infinity];
  while (!over) {
    least = Math.min(least, await restarts.all());
    rounds += 1;
  }
  const { errors, timeouts, non2xx, '2xx': answered, requests: counted } = await load;
  restarts.stop();
  await delay(1000);
  const { sent } = counted as unknown as { sent: number };
  const failed = errors + timeouts + non2xx;
  const who = heeds ? 'heeds `close`' : 'as it is';
  const served = Number.isNaN(least) ? '' : least;
  lines.push(`| ${name} | ${who} | ${sent} | ${answered} | ${sent - answered} | ${failed} | ${rounds} | ${served} |`);
  console.error(lines.at(-1));
}
rmSync(folder, { recursive: true, force: true });
console.log(lines.join('\n'));
if (process.argv.includes('--write')) {
  const results = new URL('results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL('restart.md', results), `# Restarts under load\n\n${lines.join('\n')}\n`);
}
