// A PostgreSQL behind a network that swallows what is sent: nobody says that the connection is gone.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '../fixtures/postgres.ts';
import { kyselyPool } from './postgres-pool.ts';

let cluster: Cluster;
let proxy: Server;
let url: URL;
const sockets = new Set<Socket>();
let swallows = false;
beforeAll(async () => {
  cluster = startCluster();
  url = new URL(cluster.makeDatabase());
  const path = join(url.searchParams.get('host') ?? '', '.s.PGSQL.5432');
  proxy = createServer((near) => {
    const far = connect(path);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (!swallows) to.write(data);
      });
      from.on('error', () => undefined).on('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  proxy.close();
  cluster.remove();
});

test('a query that nobody answers is given up, in a transaction, too, and the next one takes another connection', async () => {
  const { port } = proxy.address() as AddressInfo;
  const pool = new pg.Pool({
    ...{ host: '127.0.0.1', port, user: 'postgres', database: url.pathname.slice(1), max: 2 },
    connectionTimeoutMillis: 1000,
  });
  pool.on('error', () => undefined);
  const patience = { answerMs: 60_000 };
  const query = new Kysely<object>({ dialect: new PostgresDialect({ pool: kyselyPool(pool, patience) }) });
  const ask = async (): Promise<unknown> => (await sql`select 1 as one`.execute(query)).rows;
  expect(await ask()).toEqual([{ one: 1 }]);

  swallows = true;
  patience.answerMs = 300;
  const gone = { code: 'EBB_SERVER_DATABASE', message: expect.stringContaining('it cannot be reached') };
  await expect(ask()).rejects.toMatchObject(gone);
  const transaction = query.transaction().execute(async (db) => await sql`select 1`.execute(db));
  await expect(transaction).rejects.toMatchObject(gone);

  swallows = false;
  patience.answerMs = 60_000;
  expect(await ask()).toEqual([{ one: 1 }]);
  expect(pool.totalCount).toBeLessThanOrEqual(2);
  await query.destroy();
});

test('a query that dies while it works leaves the connection of others alone', async () => {
  const { port } = proxy.address() as AddressInfo;
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: url.pathname.slice(1), max: 2 });
  pool.on('error', () => undefined);
  const query = new Kysely<object>({
    dialect: new PostgresDialect({ pool: kyselyPool(pool, { answerMs: 60_000 }) }),
  });
  await expect(sql`select 1 / 0`.execute(query)).rejects.toThrow('division by zero');
  expect((await sql`select 2 as two`.execute(query)).rows).toEqual([{ two: 2 }]);
  expect(pool.totalCount).toBe(1);
  await query.destroy();
});
