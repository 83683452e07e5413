/**
 * `node:sqlite` for Kysely: one connection writes, another one reads. Reads see what was committed last and wait for no
 * transaction; writes take their turns, and while another process holds the file's lock they wait without holding up the
 * event loop.
 *
 * Calls are synchronous: what the server asks in one go is small, and a group commit takes a millisecond or two.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { asUnavailable } from './unavailable.ts';

/** So many prepared statements are kept a connection; Kysely writes the same text for the same question. */
const mostStatements = 200;
/** A lock that another process holds is tried again after so long, and given up after this. */
const retryMs = 25;
const longestWaitMs = 10_000;
const busy = 5;
const locked = 6;

const returnsRows = /^\s*(?:select|with|pragma|explain)\b|\breturning\b/i;
const onlyReads = /^\s*select\b/i;

/** The two connections to one file as a dialect of Kysely. Its end closes both. */
export function sqliteDialect(connections: { writer: DatabaseSync; reader: DatabaseSync }): Dialect {
  return {
    createDriver: () => new SqliteDriver(connections),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class SqliteDriver implements Driver {
  readonly #writer: Connection;
  readonly #reader: Connection;
  /** Settled when nobody writes. */
  #turn: Promise<void> = Promise.resolve();

  constructor({ writer, reader }: { writer: DatabaseSync; reader: DatabaseSync }) {
    this.#writer = new Connection(writer);
    this.#reader = new Connection(reader);
  }

  async init(): Promise<void> {
    // Both are open.
  }

  async acquireConnection(): Promise<Lease> {
    return new Lease(this.#writer, this.#reader, async () => await this.#takeTurn());
  }

  async beginTransaction(lease: Lease): Promise<void> {
    await lease.begin();
  }

  async commitTransaction(lease: Lease): Promise<void> {
    lease.commit();
  }

  async rollbackTransaction(lease: Lease): Promise<void> {
    lease.rollBack();
  }

  async releaseConnection(lease: Lease): Promise<void> {
    lease.release();
  }

  async destroy(): Promise<void> {
    this.#reader.close();
    this.#writer.close();
  }

  /** Resolves when it is the caller's turn to write, with what ends the turn. */
  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let end: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}

/** What Kysely uses as a connection: in a transaction it is the one that writes, else whichever a statement needs. */
class Lease implements DatabaseConnection {
  readonly #writer: Connection;
  readonly #reader: Connection;
  readonly #takeTurn: () => Promise<() => void>;
  #endTurn: (() => void) | null = null;

  constructor(writer: Connection, reader: Connection, takeTurn: () => Promise<() => void>) {
    this.#writer = writer;
    this.#reader = reader;
    this.#takeTurn = takeTurn;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#endTurn !== null) return this.#writer.run(query);
    if (onlyReads.test(query.sql)) return await patiently(() => this.#reader.run(query));
    const endTurn = await this.#takeTurn();
    try {
      return await patiently(() => this.#writer.run(query));
    } finally {
      endTurn();
    }
  }

  // eslint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('nothing is streamed from SQLite');
  }

  async begin(): Promise<void> {
    const endTurn = await this.#takeTurn();
    try {
      // All transactions write in the end. One that begins by reading could not, if another process wrote meanwhile.
      await patiently(() => this.#writer.run(CompiledQuery.raw('begin immediate')));
      this.#endTurn = endTurn;
    } catch (error) {
      endTurn();
      throw error;
    }
  }

  commit(): void {
    this.#writer.run(CompiledQuery.raw('commit'));
    this.release();
  }

  rollBack(): void {
    try {
      this.#writer.rollBack();
    } finally {
      this.release();
    }
  }

  release(): void {
    this.#endTurn?.();
    this.#endTurn = null;
  }
}

class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run<Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> {
    const values = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : (value as SQLInputValue)));
    try {
      const statement = this.#prepare(sql);
      // Values are parameters, never text: these words are the statement's own.
      if (returnsRows.test(sql)) return { rows: statement.all(...values) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid), rows: [] };
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  rollBack(): void {
    try {
      this.#database.exec('rollback');
    } catch (error) {
      // SQLite has done so by itself: the disk was full, or could not be written.
      if (!/no transaction is active/.test(String(error))) throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (this.#statements.size >= mostStatements) this.#statements.clear();
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Tries again while another process has locked the file. */
async function patiently<Result>(run: () => Result): Promise<Result> {
  const sinceMs = performance.now();
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isLocked(error) || performance.now() - sinceMs >= longestWaitMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** Extended codes have the plain one in their lowest byte. */
function isLocked(error: unknown): boolean {
  const { cause } = error as { cause?: { errcode?: number } };
  return cause?.errcode !== undefined && [busy, locked].includes(cause.errcode & 0xff);
}
