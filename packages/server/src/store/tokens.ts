import { sql, type Kysely } from 'kysely';
import { hashToken, makeToken, type Role } from '../access/token.ts';
import type { Engine } from './migrations/index.ts';
import type { Schema } from './schema.ts';

/** A token as it is told: never the token itself. */
export interface TokenInfo {
  id: number;
  name: string;
  role: Role;
  createdMs: number;
  expiresMs: number | null;
  revokedMs: number | null;
}

/** Tokens, and the audit log of what was done with them. */
export class TokenStore {
  readonly #db: Kysely<Schema>;
  readonly #engine: Engine;

  constructor(db: Kysely<Schema>, engine: Engine) {
    this.#db = db;
    this.#engine = engine;
  }

  /** Makes a token and keeps its hash. This is the only time that the token itself can be seen. */
  async create(options: {
    name: string;
    role: Role;
    nowMs: number;
    expiresMs: number | null;
  }): Promise<{ token: string; info: TokenInfo }> {
    const { name, role, nowMs, expiresMs } = options;
    const token = makeToken(role);
    const row = await this.#db
      .insertInto('tokens')
      .values({ name, role, hash: hashToken(token), created_ms: nowMs, expires_ms: expiresMs, revoked_ms: null })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { token, info: infoOf(row) };
  }

  /**
   * The first tokens, of an admin and of agents, where there is no token yet; null where there is one. Of servers that
   * start at the same moment, one makes them.
   */
  async createFirst(nowMs: number): Promise<{ admin: string; agent: string } | null> {
    if (await hasTokens(this.#db)) return null;
    return await this.#db.transaction().execute(async (db) => {
      // Transactions of SQLite take turns; PostgreSQL's would not see each other.
      if (this.#engine === 'postgres') await sql`lock table tokens in share row exclusive mode`.execute(db);
      if (await hasTokens(db)) return null;
      const tokens = new TokenStore(db, this.#engine);
      const make = async (role: 'admin' | 'agent'): Promise<string> =>
        (await tokens.create({ name: `first ${role}`, role, nowMs, expiresMs: null })).token;
      return { admin: await make('admin'), agent: await make('agent') };
    });
  }

  /** The token's role and name; undefined when it is unknown, expired or revoked. */
  async find(token: string, nowMs: number): Promise<TokenInfo | undefined> {
    const row = await this.#db.selectFrom('tokens').selectAll().where('hash', '=', hashToken(token)).executeTakeFirst();
    if (row === undefined || row.revoked_ms !== null) return undefined;
    return row.expires_ms !== null && row.expires_ms <= nowMs ? undefined : infoOf(row);
  }

  /** All tokens, the oldest first. */
  async list(): Promise<TokenInfo[]> {
    return (await this.#db.selectFrom('tokens').selectAll().orderBy('id').execute()).map(infoOf);
  }

  /** Revokes a token for good. False when there is no such token. */
  async revoke(id: number, nowMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('tokens')
      .set((set) => ({ revoked_ms: set.fn.coalesce('revoked_ms', set.val(nowMs)) }))
      .where('id', '=', id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Writes down who did what. */
  async audit(actor: string, action: string, detail: string, nowMs: number): Promise<void> {
    await this.#db.insertInto('audit').values({ time_ms: nowMs, actor, action, detail }).execute();
  }

  /** The newest entries of the audit log, newest first. */
  async auditLog(most: number): Promise<{ timeMs: number; actor: string; action: string; detail: string }[]> {
    const rows = await this.#db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(most).execute();
    return rows.map(({ time_ms: timeMs, actor, action, detail }) => ({ timeMs, actor, action, detail }));
  }
}

async function hasTokens(db: Kysely<Schema>): Promise<boolean> {
  return (await db.selectFrom('tokens').select('id').limit(1).executeTakeFirst()) !== undefined;
}

function infoOf(row: {
  id: number;
  name: string;
  role: Role;
  created_ms: number;
  expires_ms: number | null;
  revoked_ms: number | null;
}): TokenInfo {
  const { id, name, role, created_ms: createdMs, expires_ms: expiresMs, revoked_ms: revokedMs } = row;
  return { id, name, role, createdMs, expiresMs, revokedMs };
}
