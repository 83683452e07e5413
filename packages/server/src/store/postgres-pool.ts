/** Connections to PostgreSQL as Kysely wants them, with two things that a server needs. */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { asUnavailable } from './unavailable.ts';

/** How long the way to the database may take. */
export interface PostgresPatience {
  /**
   * A query without an answer for so long: whoever is on the other side is not there any more. TCP would notice after a
   * quarter of an hour.
   */
  answerMs: number;
}

const named = /^\/\* (ebb_\w+) \*\//;

/**
 * The pool, with statements that are prepared once a connection where their text begins with a comment that names them
 * (`ebb_put_samples`), and with connections that may break, or fall silent, while they are in use: who uses one is told by its query.
 */
export function kyselyPool(pool: pg.Pool, patience: Readonly<PostgresPatience>): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    connect: async () => {
      const client = await pool.connect().catch(refuse);
      let wrapped = clients.get(client);
      if (wrapped === undefined) {
        // The pool listens only while nobody uses the connection; an error that nobody hears ends the process.
        client.on('error', () => undefined);
        wrapped = {
          query: queryOf(client, patience) as unknown as PostgresPoolClient['query'],
          release: () => client.release(),
        };
        clients.set(client, wrapped);
      }
      return wrapped;
    },
    end: async () => await pool.end(),
  };
}

/** Kysely's client can also stream, by a cursor; nothing here does. */
function queryOf(
  client: pg.PoolClient,
  patience: Readonly<PostgresPatience>,
): (text: string, values: unknown[]) => Promise<pg.QueryResult> {
  return async (text, values) => {
    const name = named.exec(text)?.[1];
    const timer = Number.isFinite(patience.answerMs) ? setTimeout(() => cutOff(client), patience.answerMs) : undefined;
    try {
      return await client.query(name === undefined ? { text, values } : { name, text, values }).catch(refuse);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Ends a connection at once: its query fails, and so does what comes after it; the pool makes another one. */
function cutOff(client: pg.PoolClient): void {
  const { connection } = client as unknown as { connection: { stream: Duplex } };
  connection.stream.destroy(new Error('no answer'));
}

function refuse(error: unknown): never {
  throw asUnavailable(error);
}
