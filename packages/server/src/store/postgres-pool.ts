/** Connections to PostgreSQL as Kysely wants them, with two things that a server needs. */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { asUnavailable } from './unavailable.ts';

const named = /^\/\* (ebb_\w+) \*\//;

/**
 * The pool, with statements that are prepared once a connection where their text begins with a comment that names them
 * (`ebb_put_samples`), and with connections that may break while they are in use: who uses one is told by its query.
 */
export function kyselyPool(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    connect: async () => {
      const client = await pool.connect().catch(refuse);
      let wrapped = clients.get(client);
      if (wrapped === undefined) {
        // The pool listens only while nobody uses the connection; an error that nobody hears ends the process.
        client.on('error', () => undefined);
        wrapped = { query: queryOf(client) as unknown as PostgresPoolClient['query'], release: () => client.release() };
        clients.set(client, wrapped);
      }
      return wrapped;
    },
    end: async () => await pool.end(),
  };
}

/** Kysely's client can also stream, by a cursor; nothing here does. */
function queryOf(client: pg.PoolClient): (text: string, values: unknown[]) => Promise<pg.QueryResult> {
  return async (text, values) => {
    const name = named.exec(text)?.[1];
    return await client.query(name === undefined ? { text, values } : { name, text, values }).catch(refuse);
  };
}

function refuse(error: unknown): never {
  throw asUnavailable(error);
}
