import type { Kysely } from 'kysely';
import type { Role } from '../access/token.ts';
import { ServerError } from '../errors/server-error.ts';
import type { Schema, UserRow } from './schema.ts';

/** What users may be: `agent` is for tokens. */
export type UserRole = Exclude<Role, 'agent'>;

/** A user as it is told: never the password. */
export interface UserInfo {
  id: number;
  name: string;
  role: UserRole;
  createdMs: number;
}

/** Who may log in with a password. */
export class UserStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** All users, by name. */
  async list(): Promise<UserInfo[]> {
    return (await this.#db.selectFrom('users').selectAll().orderBy('name').execute()).map(infoOf);
  }

  /** The user of a name, with what is kept of the password; undefined when there is none. */
  async find(name: string): Promise<UserRow | undefined> {
    return await this.#db.selectFrom('users').selectAll().where('name', '=', normal(name)).executeTakeFirst();
  }

  /**
   * Adds a user; `password` is the hash that is kept.
   *
   * @throws {ServerError} EBB_SERVER_EXISTS when the name is taken
   */
  async add(options: { name: string; role: UserRole; password: string; nowMs: number }): Promise<UserInfo> {
    const { role, password, nowMs } = options;
    const row = await this.#db
      .insertInto('users')
      .values({ name: normal(options.name), role, password, created_ms: nowMs })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined)
      throw new ServerError('EBB_SERVER_EXISTS', `there is a user '${normal(options.name)}' already`);
    return infoOf(row);
  }

  /** Gives another password (its hash), and ends the user's sessions. Resolves with the name; undefined: there is no such user. */
  async setPassword(id: number, password: string): Promise<string | undefined> {
    return await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom('sessions').where('user_id', '=', id).execute();
      const row = await db
        .updateTable('users')
        .set({ password })
        .where('id', '=', id)
        .returning('name')
        .executeTakeFirst();
      return row?.name;
    });
  }

  /** Removes a user with all sessions. Resolves with the name; undefined: there is no such user. */
  async remove(id: number): Promise<string | undefined> {
    return await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom('sessions').where('user_id', '=', id).execute();
      const row = await db.deleteFrom('users').where('id', '=', id).returning('name').executeTakeFirst();
      return row?.name;
    });
  }
}

/** Names are the same in capitals or not. */
function normal(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function infoOf({ id, name, role, created_ms: createdMs }: UserRow): UserInfo {
  return { id, name, role, createdMs };
}
