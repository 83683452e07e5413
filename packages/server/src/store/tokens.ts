import type { Kysely } from 'kysely';
import { hashToken, makeToken, type Role } from '../access/token.ts';
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

  constructor(db: Kysely<Schema>) {
    this.#db = db;
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
