// A service is ended, and its workers are restarted, without a request that fails.
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { certificate, key } from '../../packages/agent/src/fixtures/localhost.ts';
import { availableNodes } from './index.ts';
import { makeWorkplace } from './run-program.ts';
import { Clients, places, serve, Wire } from './served-program.ts';

/** Express, with an answer that comes at once, one that waits to be let go, and one that has begun. */
const shop = `
  import { createRequire } from 'node:module';
  const express = createRequire(import.meta.url)(${JSON.stringify(places.express)});
  const app = express();
  app.get('/', (request, response) => response.send('ok'));
  app.get('/held', (request, response) => {
    console.log('held');
    process.once('SIGUSR2', () => response.send('late'));
  });
  app.get('/streamed', (request, response) => {
    response.write('first');
    console.log('streamed');
    process.once('SIGUSR2', () => response.end('last'));
  });
  app.get('/for-ever', () => console.log('for ever'));
  const server = app.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));`;

const clusterOf = (worker: string, more = ''): string => `
  import cluster from 'node:cluster';
  import { createServer } from 'node:http';
  import { armDrain, serveRestarts } from ${JSON.stringify(places.drain)};
  if (cluster.isPrimary) {
    await serveRestarts({ path: process.env.DOOR, ${more} });
    let listening = 0;
    cluster.on('listening', (worker, { port }) => { listening += 1; if (listening === 3) console.log('port ' + port); });
    for (let at = 0; at < 3; at++) cluster.fork();
  } else { ${worker} }`;
const armed = `
  armDrain({ messages: true });
  createServer((request, response) => setImmediate(() => response.end('ok'))).listen(0, '127.0.0.1');`;

/** A worker that answers with who it is, and tells when it drains. */
const toldWorker = (arm: string): string => `
  ${arm}
  process.on('message', ({ type }) => type === 'ebb:drain' && console.log('draining'));
  process.on('SIGTERM', () => console.log('draining'));
  createServer((request, response) => setImmediate(() => response.end(String(process.pid)))).listen(0, '127.0.0.1');`;

/** A primary that knows nothing of Ebb and replaces its workers, all at once, when somebody connects to its door. */
const rolledCluster = (worker: string): string => `
  import cluster from 'node:cluster';
  import { once } from 'node:events';
  import { createServer } from 'node:http';
  import { createServer as createDoor } from 'node:net';
  import { armDrain } from ${JSON.stringify(places.drain)};
  if (cluster.isPrimary) {
    const old = [];
    for (let at = 0; at < 3; at++) old.push(cluster.fork());
    const [[{ port }]] = await Promise.all(old.map(async (worker) => await once(worker, 'listening')));
    createDoor(async (socket) => {
      const fresh = old.map(() => cluster.fork());
      await Promise.all(fresh.map(async (worker) => await once(worker, 'listening')));
      for (const worker of old) worker.process.kill('SIGTERM');
      await Promise.all(old.map(async (worker) => await once(worker, 'exit')));
      const steps = old.map((worker, at) => ({ oldPid: worker.process.pid, newPid: fresh[at].process.pid }));
      socket.end(JSON.stringify({ report: { ok: true, failure: null, steps } }));
    }).listen(process.env.DOOR, () => console.log('port ' + port));
  } else { ${worker} }`;

interface Reported {
  ok: boolean;
  steps: { oldPid: number; newPid: number; leastServing: number; exitCode: number | null; killed: boolean }[];
  failure: { code: string; message: string } | null;
}

async function restart(door: string, order: object = {}): Promise<{ report?: Reported; refused?: string }> {
  const text = await new Promise<string>((resolve, reject) => {
    let heard = '';
    connect(door, function (this: NodeJS.WritableStream) {
      this.write(`${JSON.stringify({ action: 'restart', ...order })}\n`);
    })
      .on('data', (chunk) => (heard += chunk.toString()))
      .on('end', () => {
        resolve(heard);
      })
      .on('error', reject);
  });
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Awaited<ReturnType<typeof restart>>;
}

/** All three workers, while clients ask before, meanwhile and afterwards. */
async function restartUnder(clients: Clients, door: string): Promise<Reported | undefined> {
  await clients.more(100);
  const { report } = await restart(door, { leastServing: 3 });
  await clients.more(100);
  await clients.stop();
  return report;
}

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  it('what is in flight is answered, connections are ended, and the process exits with 0', async ({ expect }) => {
    const place = makeWorkplace();
    const env = { EBB_DRAIN: 'SIGTERM', EBB_DRAIN_IDLE: '1500' };
    const service = serve(node, place.directory, shop, { flags: ['--require', places.register], env });
    const agent = new Agent({ keepAlive: true });
    try {
      const port = Number((await service.line(/^port (\d+)$/))[1]);
      const clients = new Clients(port, 8);
      await clients.more(50);
      const held = Clients.send(port, '/held');
      const streamed = Clients.send(port, '/streamed');
      await Promise.all([service.line(/^held$/), service.line(/^streamed$/)]);
      // A connection that is idle: used once, and kept.
      await Clients.send(port, '/', agent);
      service.child.kill('SIGTERM');
      await clients.stop();
      // A lone process refuses new connections while it drains: that is the one thing that may happen to a client.
      while ((await Clients.send(port, '/')) !== 'ECONNREFUSED');
      service.child.kill('SIGUSR2');
      expect(await Promise.all([held, streamed])).toEqual(['200', '200']);
      expect(await service.ended).toEqual({ code: 0, signal: null });
      expect(new Set(clients.failed)).toEqual(new Set(clients.failed.length > 0 ? ['ECONNREFUSED'] : []));
      expect(service.stderr()).toBe('');
    } finally {
      agent.destroy();
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it('a request that is never answered holds up the end no longer than the limit, and that is told', async ({
    expect,
  }) => {
    const place = makeWorkplace();
    const env = { EBB_DRAIN: 'SIGTERM', EBB_DRAIN_IDLE: '20', EBB_DRAIN_LIMIT: '300' };
    const service = serve(node, place.directory, shop, { flags: ['--require', places.register], env });
    try {
      const port = Number((await service.line(/^port (\d+)$/))[1]);
      const cut = Clients.send(port, '/for-ever');
      await service.line(/^for ever$/);
      service.child.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
      expect(await cut).toBe('ECONNRESET');
      expect(JSON.parse(service.stderr())).toMatchObject({ code: 'EBB_AGENT_DRAIN', level: 'warn' });
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it('workers are restarted one after the other under load, and no request fails', async ({ expect }) => {
    const place = makeWorkplace();
    const door = join(place.directory, 'door');
    const service = serve(node, place.directory, clusterOf(armed), { env: { DOOR: door } });
    try {
      const port = Number((await service.line(/^port (\d+)$/))[1]);
      const clients = new Clients(port, 8);
      const report = await restartUnder(clients, door);
      expect(clients.failed).toEqual([]);
      expect(report?.failure).toBeNull();
      expect(report?.steps).toHaveLength(3);
      for (const step of report?.steps ?? []) {
        expect(step).toMatchObject({ leastServing: 3, exitCode: 0, killed: false });
        expect(() => process.kill(step.oldPid, 0)).toThrow('ESRCH');
        expect(process.kill(step.newPid, 0)).toBe(true);
      }
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it('workers that speak TLS are restarted under load, their connections end after an answer, and no request fails', async ({
    expect,
  }) => {
    const place = makeWorkplace();
    const door = join(place.directory, 'door');
    const worker = `
      const { createServer: createTlsServer } = await import('node:https');
      armDrain({ messages: true, idleMs: 1000 });
      createTlsServer(${JSON.stringify({ key, cert: certificate })}, (request, response) =>
        setImmediate(() => response.end('ok'))).listen(0, '127.0.0.1');`;
    const service = serve(node, place.directory, clusterOf(worker), { env: { DOOR: door } });
    try {
      const port = Number((await service.line(/^port (\d+)$/))[1]);
      const clients = new Clients(port, 6, certificate);
      const report = await restartUnder(clients, door);
      expect(clients.failed).toEqual([]);
      expect(report?.failure).toBeNull();
      expect(report?.steps.map(({ exitCode, killed }) => ({ exitCode, killed }))).toEqual(
        Array.from({ length: 3 }, () => ({ exitCode: 0, killed: false })),
      );
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it.for([
    ['through the primary', clusterOf(toldWorker('armDrain({ messages: true });'))],
    ['among themselves', rolledCluster(toldWorker(`armDrain({ signals: ['SIGTERM'] });`))],
  ] as const)(
    'workers give their connections on %s, and who holds one does not notice',
    async ([, text], { expect }) => {
      const place = makeWorkplace();
      const door = join(place.directory, 'door');
      const service = serve(node, place.directory, text, { env: { DOOR: door } });
      const wires: Wire[] = [];
      const open = async (count: number): Promise<Wire[]> => {
        const opened = await Promise.all(Array.from({ length: count }, async () => await Wire.open(port)));
        wires.push(...opened);
        return opened;
      };
      let port = 0;
      try {
        port = Number((await service.line(/^port (\d+)$/))[1]);
        // Those that never pause, idle ones, some that have never sent, and some amid a request: one for each worker or more.
        const busy = await open(6);
        const idle = await open(3);
        const old = new Set(await Promise.all([...busy, ...idle].map(async (wire) => await wire.get())));
        expect(old.size).toBe(3);
        const unused = await open(3);
        const halved = await open(3);
        for (const wire of halved) wire.send('GET / HT');
        let over = false;
        const asking = busy.map(async (wire) => {
          let answer: string | null = '';
          while (!over && answer !== null) answer = await wire.get();
          return answer;
        });
        const restarted = restart(door, { leastServing: 3 });
        await service.line(/^draining$/);
        for (const wire of halved) wire.send('TP/1.1\r\nhost: shop\r\n\r\n');
        const halves = await Promise.all(halved.map(async (wire) => await wire.answer()));
        const { report } = await restarted;
        over = true;
        const last = await Promise.all(asking);
        const again = await Promise.all([...idle, ...unused, ...halved].map(async (wire) => await wire.get()));
        expect(report?.failure).toBeNull();
        expect(halves).not.toContain(null);
        const fresh = new Set((report?.steps ?? []).map(({ newPid }) => String(newPid)));
        expect(fresh.size).toBe(3);
        for (const answer of [...last, ...again]) expect(fresh).toContain(answer);
      } finally {
        for (const wire of wires) wire.close();
        service.child.kill('SIGKILL');
        place.remove();
      }
    },
  );
});

describe('what goes wrong stops a restart, and is told', () => {
  const node = availableNodes()[0]?.path ?? process.execPath;
  it.for([
    ['a worker that arms no drain is left alone', `createServer().listen(0, '127.0.0.1')`, '', {}, 'not-drained'],
    [
      'a worker that never ends is killed',
      `process.on('message', () => process.send({ type: 'ebb:draining' })); createServer().listen(0, '127.0.0.1');`,
      'drainLimitMs: 200',
      {},
      'killed',
    ],
    [
      'a new worker that does not start leaves the old ones as they are',
      `if (cluster.worker.id > 3) process.exit(7); ${armed}`,
      '',
      {},
      'not-started',
    ],
    [
      'a new worker that never listens is ended',
      `if (cluster.worker.id > 3) setInterval(() => {}, 1000); else { ${armed} }`,
      'startLimitMs: 500',
      {},
      'not-started',
    ],
    ['with fewer workers than must serve, nothing is done', armed, '', { leastServing: 4 }, 'too-few'],
    ['a process that is no worker is not touched', armed, '', { pids: [1] }, 'no-such-worker'],
  ] as const)('%s', async ([, worker, more, order, code], { expect }) => {
    const place = makeWorkplace();
    const door = join(place.directory, 'door');
    const service = serve(node, place.directory, clusterOf(worker, more), { env: { DOOR: door } });
    try {
      await service.line(/^port \d+$/);
      const { report } = await restart(door, order);
      expect(report).toMatchObject({ ok: false, failure: { code } });
      expect(report?.steps).toHaveLength(code === 'killed' ? 1 : 0);
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });

  it('an order that cannot be read is refused, and so is a second one meanwhile', async ({ expect }) => {
    const place = makeWorkplace();
    const door = join(place.directory, 'door');
    const service = serve(node, place.directory, clusterOf(armed), { env: { DOOR: door } });
    try {
      await service.line(/^port \d+$/);
      expect(await restart(door, { action: 'stop' })).toEqual({ refused: 'the order cannot be read' });
      expect(await restart(door, { pids: ['1; reboot'] })).toEqual({ refused: 'the order cannot be read' });
      const answers = await Promise.all([restart(door), restart(door)]);
      expect(answers.filter(({ refused }) => refused !== undefined)).toHaveLength(1);
    } finally {
      service.child.kill('SIGKILL');
      place.remove();
    }
  });
});
