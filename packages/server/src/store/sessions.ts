import type { Kysely } from 'kysely';
import type { Caller } from '../access/caller.ts';
import { hashSessionSecret, makeSessionSecret, sessionIdleMs, sessionLongestMs } from '../access/session.ts';
import type { Schema } from './schema.ts';

/** That a session is used is written down so often: more would be a write with each request. */
const touchedEveryMs = 60_000;

/** Sessions of browsers. What is kept of a secret is its hash. */
export class SessionStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Begins a session of a user, or of who has a token, and resolves with its secret. Forgets those that are over. */
  async begin(who: { userId: number } | { tokenId: number }, nowMs: number): Promise<string> {
    const secret = makeSessionSecret();
    await this.#db
      .deleteFrom('sessions')
      .where((where) => where.or([where('expires_ms', '<=', nowMs), where('used_ms', '<=', nowMs - sessionIdleMs)]))
      .execute();
    await this.#db
      .insertInto('sessions')
      .values({
        hash: hashSessionSecret(secret),
        user_id: 'userId' in who ? who.userId : null,
        token_id: 'tokenId' in who ? who.tokenId : null,
        created_ms: nowMs,
        used_ms: nowMs,
        expires_ms: nowMs + sessionLongestMs,
      })
      .execute();
    return secret;
  }

  /**
   * Whose session it is; undefined when it is unknown or over, or the user or token is gone. With `touch` it counts as
   * used: what a page asks for by itself does not.
   */
  async find(secret: string, nowMs: number, touch: boolean): Promise<Caller | undefined> {
    const row = await this.#db
      .selectFrom('sessions')
      .leftJoin('users', 'users.id', 'sessions.user_id')
      .leftJoin('tokens', 'tokens.id', 'sessions.token_id')
      .select(['sessions.id', 'sessions.user_id', 'sessions.used_ms', 'sessions.expires_ms'])
      .select(['users.name as user_name', 'users.role as user_role'])
      .select(['tokens.name as token_name', 'tokens.role as token_role'])
      .select(['tokens.expires_ms as token_expires_ms', 'tokens.revoked_ms as token_revoked_ms'])
      .where('sessions.hash', '=', hashSessionSecret(secret))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const name = row.user_name ?? row.token_name;
    const role = row.user_role ?? row.token_role;
    const expiresMs = Math.min(row.expires_ms, row.used_ms + sessionIdleMs, row.token_expires_ms ?? Infinity);
    if (name === null || role === null || row.token_revoked_ms !== null || expiresMs <= nowMs) return undefined;
    if (touch && nowMs - row.used_ms >= touchedEveryMs)
      await this.#db.updateTable('sessions').set({ used_ms: nowMs }).where('id', '=', row.id).execute();
    return { name, role, expiresMs, userId: row.user_id, sessionId: row.id };
  }

  /** Ends a session. */
  async end(id: number): Promise<void> {
    await this.#db.deleteFrom('sessions').where('id', '=', id).execute();
  }
}
