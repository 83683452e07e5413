/** Where SQLite and PostgreSQL call the same thing by different names. */
import { sql, type RawBuilder, type ColumnDefinitionBuilder, type ColumnDataType } from 'kysely';

/** Which database it is. */
export type Engine = 'sqlite' | 'postgres';

type Column = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;

/** The types of columns on an engine. */
export interface ColumnTypes {
  /** The key that the database counts up by itself: type and definition. */
  id: [type: ColumnDataType, define: Column];
  /** Whole numbers up to 2 ** 53: times, bytes, references. */
  whole: ColumnDataType;
  /** Doubles. */
  real: ColumnDataType;
  bytes: ColumnDataType;
}

/** The names on one engine. */
export function columnTypes(engine: Engine): ColumnTypes {
  return engine === 'sqlite'
    ? {
        id: ['integer', (column) => column.primaryKey()],
        whole: 'integer',
        real: 'real',
        bytes: 'blob',
      }
    : {
        id: ['bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity()],
        whole: 'bigint',
        real: 'double precision',
        bytes: 'bytea',
      };
}

/** In SQLite a table whose key is its order on the disk; PostgreSQL has no such thing. */
export const withoutRowid: RawBuilder<unknown> = sql`without rowid`;
