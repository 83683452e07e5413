/**
 * `node:sqlite` behind Kysely's own SQLite dialect, which expects the shape of better-sqlite3.
 *
 * Calls are synchronous: what the server asks in one go is small, and a group commit takes a millisecond or two.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** So many prepared statements are kept; Kysely writes the same text for the same question. */
const mostStatements = 200;
const returnsRows = /^\s*(?:select|with|pragma|explain)\b|\breturning\b/i;

/** The open database as Kysely wants it. Closing it closes the database. */
export function sqliteForKysely(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      if (statements.size >= mostStatements) statements.clear();
      statements.set(sql, statement);
    }
    return statement;
  };
  return {
    close: () => {
      statements.clear();
      database.close();
    },
    prepare: (sql): SqliteStatement => {
      // All transactions write in the end. One that begins by reading could not, if another process wrote meanwhile.
      const statement = prepare(sql === 'begin' ? 'begin immediate' : sql);
      return {
        // Values are parameters, never text: these words are the statement's own.
        reader: returnsRows.test(sql),
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => {
          const { changes, lastInsertRowid } = statement.run(...values(parameters));
          return { changes, lastInsertRowid };
        },
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
}

function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : (value as SQLInputValue)));
}
