/**
 * The storefront as a Node cluster: two workers behind one port, with Ebb's agent in each. Deploys and restarts come through
 * a Unix socket, a line of JSON each; workers are replaced one after the other, so that two serve all the time.
 *
 *     FLEET_SOCKET=/tmp/fleet.sock node dist/outages/fleet.js
 */
import cluster from 'node:cluster';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rollWorkers } from '@ebb/agent/drain';
import { readOrder, workers, type FleetAnswer, type FleetOrder } from './fleet-order.ts';

const socketPath = process.env['FLEET_SOCKET'];
if (socketPath === undefined) throw new Error('FLEET_SOCKET names the socket that orders come through.');

cluster.setupPrimary({
  exec: fileURLToPath(new URL('../server.js', import.meta.url)),
  execArgv: [
    // A heap that runs out within minutes instead of days. Each collection is a full one, so that what a service shows in
    // hours, how much is live after a collection, is shown in seconds.
    ...[
      '--max-old-space-size=96',
      '--min-semi-space-size=8',
      '--max-semi-space-size=8',
      '--gc-global',
      '--enable-source-maps',
    ],
    ...['--import', import.meta.resolve('@ebb/agent/register')],
  ],
});

let busy = false;
const door = createServer((socket) => {
  socket.on('error', () => undefined);
  createInterface(socket).once('line', (line) => {
    void carryOut(readOrder(line)).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
  });
});
door.listen(socketPath, () => {
  console.log(`takes orders at ${socketPath}`);
});
process.once('SIGTERM', () => {
  door.close();
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
});

async function carryOut(order: FleetOrder | null): Promise<FleetAnswer> {
  if (order === null) return { ok: false, text: 'the order cannot be read' };
  if (busy) return { ok: false, text: 'the fleet is busy with another order' };
  busy = true;
  try {
    if (order.action === 'deploy') {
      process.env['RELEASE'] = order.version;
      process.env['OTEL_RESOURCE_ATTRIBUTES'] = `service.version=${order.version}`;
    }
    if (Object.keys(cluster.workers ?? {}).length === 0) return await startAll();
    const { ok, steps, failure } = await rollWorkers(order.action === 'restart' ? { pids: [order.pid] } : {});
    return { ok, text: failure?.message ?? `${String(steps.length)} replaced, one after the other` };
  } finally {
    busy = false;
  }
}

async function startAll(): Promise<FleetAnswer> {
  const listening = Array.from({ length: workers }, async () => {
    const worker = cluster.fork();
    return await new Promise<boolean>((resolve) => {
      worker.once('listening', () => {
        resolve(true);
      });
      worker.once('exit', () => {
        resolve(false);
      });
    });
  });
  const ok = (await Promise.all(listening)).every(Boolean);
  return { ok, text: ok ? `${String(workers)} workers serve` : 'a worker ended before it listened' };
}
