/**
 * Statements on many rows at once, whose text does not depend on how many there are: the rows travel as one list in JSON
 * (SQLite), or as one array a column (PostgreSQL), and the text is made once, and on PostgreSQL planned once. With a
 * parameter a value, as a query builder writes it, text, parsing and planning cost more than the rows.
 */
import { CompiledQuery, type Transaction } from 'kysely';
import type { Engine } from './migrations/index.ts';
import type { Schema } from './schema.ts';

type ColumnType = 'whole' | 'real' | 'text';
type Value = number | string | null;

const postgresTypes: Readonly<Record<ColumnType, string>> = { whole: 'bigint', real: 'float8', text: 'text' };

/** Which rows a statement puts into which table. */
export interface RowsShape<Row> {
  table: string;
  /** All that a row has, by type. */
  columns: Readonly<Record<ColumnType, readonly (keyof Row & string)[]>>;
  /** Columns by which a row is there already. */
  key: readonly (keyof Row & string)[];
  /** What becomes of a row that is there: all columns but the key are replaced; or what the new row knows is filled in. */
  onConflict: 'replace' | 'fill';
}

/** Puts rows into a table. No two of them may have the same key. */
export class PutRows<Row extends Record<keyof Row, Value>> {
  readonly #columns: (keyof Row & string)[];
  readonly #texts: Readonly<Record<Engine, string>>;

  constructor(shape: RowsShape<Row>) {
    const { table, columns, key, onConflict } = shape;
    const typed = (['whole', 'real', 'text'] as const).flatMap((type) => columns[type].map((name) => ({ name, type })));
    this.#columns = typed.map(({ name }) => name);
    const names = this.#columns.map(quoted).join(', ');
    const set = this.#columns
      .filter((name) => !key.includes(name))
      .map((name) => {
        const [own, told] = [`${quoted(table)}.${quoted(name)}`, `excluded.${quoted(name)}`];
        return `${quoted(name)} = ${onConflict === 'replace' ? told : `coalesce(${told}, ${own})`}`;
      });
    const into = `insert into ${quoted(table)} (${names})`;
    const conflict = `on conflict (${key.map(quoted).join(', ')}) do update set ${set.join(', ')}`;
    const values = this.#columns.map((_, i) => `value ->> ${i}`).join(', ');
    const arrays = typed.map(({ type }, i) => `$${i + 1}::${postgresTypes[type]}[]`).join(', ');
    this.#texts = {
      // Without a condition SQLite's parser takes the conflict for a join's.
      sqlite: `${into} select ${values} from json_each(?) where true ${conflict}`,
      postgres: `/* ebb_put_${table} */ ${into} select * from unnest(${arrays}) ${conflict}`,
    };
  }

  /** Nothing is asked of the database for no rows. */
  async run(db: Transaction<Schema>, engine: Engine, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const parameters =
      engine === 'sqlite'
        ? [JSON.stringify(rows.map((row) => this.#columns.map((name) => row[name])))]
        : this.#columns.map((name) => arrayLiteral(rows.map((row) => row[name])));
    await db.executeQuery(CompiledQuery.raw(this.#texts[engine], parameters));
  }
}

/**
 * The whole rows with these keys, in the keys' order; on PostgreSQL locked until the transaction ends. (SQLite has one
 * writer at a time.) The lock lets others refer to the rows, and neither change nor delete them.
 */
export async function lockRows<Row>(
  db: Transaction<Schema>,
  engine: Engine,
  table: string,
  ids: readonly number[],
): Promise<Row[]> {
  if (ids.length === 0) return [];
  const from = `select * from ${quoted(table)} where id`;
  const { rows } = await db.executeQuery<Row>(
    engine === 'sqlite'
      ? CompiledQuery.raw(`${from} in (select value from json_each(?)) order by id`, [JSON.stringify(ids)])
      : CompiledQuery.raw(`/* ebb_lock_${table} */ ${from} = any($1::bigint[]) order by id for no key update`, [
          arrayLiteral(ids),
        ]),
  );
  return rows;
}

/** The whole rows of which two columns, whole numbers, are one of these pairs. */
export async function rowsOfPairs<Row>(
  db: Transaction<Schema>,
  engine: Engine,
  table: string,
  [first, second]: readonly [string, string],
  pairs: readonly (readonly [number, number])[],
): Promise<Row[]> {
  if (pairs.length === 0) return [];
  const on = (one: string, other: string): string =>
    `join ${quoted(table)} as t on t.${quoted(first)} = ${one} and t.${quoted(second)} = ${other}`;
  const { rows } = await db.executeQuery<Row>(
    engine === 'sqlite'
      ? CompiledQuery.raw(`select t.* from json_each(?) as k ${on('k.value ->> 0', 'k.value ->> 1')}`, [
          JSON.stringify(pairs),
        ])
      : CompiledQuery.raw(
          `/* ebb_pairs_${table} */ select t.* from unnest($1::bigint[], $2::bigint[]) as k(a, b) ${on('k.a', 'k.b')}`,
          [arrayLiteral(pairs.map(([one]) => one)), arrayLiteral(pairs.map(([, other]) => other))],
        ),
  );
  return rows;
}

/** An array as PostgreSQL writes it. */
function arrayLiteral(values: readonly Value[]): string {
  const parts = values.map((value) =>
    typeof value === 'string' ? `"${value.replace(/["\\]/g, String.raw`\$&`)}"` : value === null ? 'NULL' : value,
  );
  return `{${parts.join(',')}}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}
