/** Rows from one database to the other, table by table: the tables are the same on both, made by the same migrations. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { sql, type Transaction } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** A statement of PostgreSQL has up to 65,535 parameters, a row some thirty. */
const rowsAtOnce = 1000;

type Row = Record<string, unknown>;

/** From a transaction on PostgreSQL into an SQLite file that has the tables, empty. Returns how many rows. */
export async function copyToSqlite(
  from: Transaction<Schema>,
  to: DatabaseSync,
  tables: readonly string[],
): Promise<number> {
  let copied = 0;
  to.exec('begin');
  for (const table of tables) {
    // By cursor: a table may be larger than memory.
    await sql`declare rows_of no scroll cursor for select * from ${sql.table(table)}`.execute(from);
    for (;;) {
      const { rows } = await sql<Row>`fetch ${sql.lit(rowsAtOnce)} from rows_of`.execute(from);
      if (rows.length === 0) break;
      const columns = Object.keys(rows[0]);
      const insert = to.prepare(
        `insert into ${quoted(table)} (${columns.map(quoted).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
      );
      for (const row of rows) insert.run(...columns.map((name) => row[name] as SQLInputValue));
      copied += rows.length;
    }
    await sql`close rows_of`.execute(from);
  }
  to.exec('commit');
  return copied;
}

/** From an SQLite file into a transaction on PostgreSQL that has the tables, empty. Returns how many rows. */
export async function copyToPostgres(
  from: DatabaseSync,
  to: Transaction<Schema>,
  tables: readonly string[],
): Promise<number> {
  let copied = 0;
  for (const table of tables) {
    let piece: Row[] = [];
    const write = async (): Promise<void> => {
      if (piece.length === 0) return;
      await to
        .insertInto(table as never)
        .values(piece)
        .execute();
      copied += piece.length;
      piece = [];
    };
    for (const row of from.prepare(`select * from ${quoted(table)}`).iterate()) {
      piece.push(row);
      if (piece.length >= rowsAtOnce) await write();
    }
    await write();
    await goOnCounting(to, table);
  }
  return copied;
}

/** Rows came with their keys: the next one that the database gives is behind them. */
async function goOnCounting(db: Transaction<Schema>, table: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select column_name as name from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} and is_identity = 'YES'`.execute(db);
  for (const { name } of rows) {
    const counter = sql`pg_get_serial_sequence(${quoted(table)}, ${name})`;
    await sql`select setval(${counter}, coalesce(max(${sql.ref(name)}), 0) + 1, false) from ${sql.table(table)}`.execute(
      db,
    );
  }
}

/** The tables that hold anything. */
export async function filledTables(db: Transaction<Schema>, tables: readonly string[]): Promise<string[]> {
  const filled: string[] = [];
  for (const table of tables) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0) filled.push(table);
  }
  return filled;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
