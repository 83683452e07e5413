// A database of every older version, with a row in each of its tables, becomes one of this version with these rows in it.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migrator, sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type Cluster } from '../../fixtures/postgres.ts';
import { edge, report } from '../../fixtures/reports.ts';
import { connect, openDatabase, type DatabasePlace } from '../database.ts';
import { FleetReader } from '../fleet-reader.ts';
import { ReportWriter } from '../report-writer.ts';
import { migrationsFor, type Engine } from './index.ts';

type Row = Record<string, unknown>;

/** Where a value by the column's type would not do. */
const known: Row = {
  verdict: 'clean',
  before: 'leak',
  judged_by: 'agent',
  role: 'viewer',
  level: 'notice',
  kind: 'opened',
};
const limits = { mostProcesses: 1000, mostServices: 10, mostWaiting: 10_000 };

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-migrations-'));
  let cluster: Cluster | undefined;
  beforeAll(() => {
    if (engine === 'postgres') cluster = startCluster();
  });
  afterAll(() => {
    cluster?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test.for(Object.keys(migrationsFor(engine)))('from %s', async (version) => {
    const place: DatabasePlace =
      cluster === undefined ? { directory: join(folder, version) } : { url: cluster.makeDatabase() };
    const old = await connect(place);
    const provider = { getMigrations: async () => migrationsFor(engine) };
    const { error } = await new Migrator({ db: old.query, provider }).migrateTo(version);
    expect(error).toBeUndefined();
    const db = old.query as unknown as Kysely<Record<string, Row>>;
    const before = await fill(db, engine);
    await old.close();
    expect(Object.keys(before)).toContain('processes');

    const database = await openDatabase(place);
    const now = database.query as unknown as Kysely<Record<string, Row>>;
    for (const [table, row] of Object.entries(before)) {
      const rows = (await now.selectFrom(table).selectAll().execute()).map(withBuffers);
      expect(rows, table).toEqual([expect.objectContaining(row)]);
    }
    // And it works: what was known goes on, what is new is added.
    const writer = await ReportWriter.open(database, limits);
    const timeMs = 1_000_000;
    const identity = { service: 'text', namespace: 'text', environment: 'text', version: 'text', instance: 'text' };
    await writer.write([report(timeMs, { identity, edge: edge('leak') }), report(timeMs, { edge: edge('clean') })]);
    const processes = await new FleetReader(database.query).processes({ sinceMs: timeMs });
    expect(processes.map(({ id, verdict }) => [id, verdict])).toEqual([
      [1, 'leak'],
      [2, 'clean'],
    ]);
    await database.close();
  });
});

test('a step that was made never changes, and none goes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-migration-steps-'));
  const steps = migrationsFor('sqlite');
  const database = await connect({ directory: folder });
  const migrator = new Migrator({ db: database.query, provider: { getMigrations: async () => steps } });
  const made: Record<string, string> = {};
  for (const [name, { down }] of Object.entries(steps)) {
    expect([name, down]).toEqual([name, undefined]);
    expect((await migrator.migrateTo(name)).error).toBeUndefined();
    const tables = sql<{ sql: string }>`select sql from sqlite_master where name not like 'kysely_%' order by sql`;
    const text = (await tables.execute(database.query)).rows.map((row) => row.sql).join('\n');
    made[name] = createHash('sha256').update(text).digest('hex').slice(0, 12);
  }
  await database.close();
  rmSync(folder, { recursive: true });
  // What stands here is what databases of those versions have. A new step adds a line; no line is ever another one.
  expect(made).toEqual(frozen);
});

/** The tables and indexes that SQLite has after each step: the first twelve digits of their SHA-256. */
const frozen = {
  '0001-processes': '00fcfccf6787',
  '0002-incidents': '670bab24c6cc',
  '0003-causes': 'f89034bf7c85',
  '0004-alerts': '1cb82ccaa055',
  '0005-users': '877d9daf5d46',
  '0006-fewer-indexes': '224d6b984122',
  '0007-findings': '2c0aee943b20',
  '0008-oncall': '5e79e783a39f',
  '0009-postmortem': 'ae4292619cad',
  '0010-attribution': '0221f85e7223',
  '0011-response': '622a5e8b4c5f',
  '0012-commits': 'e866c59324dd',
  '0013-action-subjects': '52e6c91cfd62',
  '0014-review-cancellations': 'd29769207036',
  '0015-action-proofs': '55b68e903c78',
  '0016-captures': 'aae3480cb2e8',
};

/** Puts a row into every table there is; what was put, by table. */
async function fill(db: Kysely<Record<string, Row>>, engine: Engine): Promise<Record<string, Row>> {
  const tables = (await db.introspection.getTables()).filter(({ name }) => !name.startsWith('kysely_'));
  const rows: Record<string, Row> = {};
  for (const { name: table, columns } of tables) {
    const row: Row = {};
    for (const { name, dataType } of columns) row[name] = known[name] ?? valueOf(dataType);
    await db.insertInto(table).values(row).execute();
    // PostgreSQL counts up by itself, and has to be told of a key that was given.
    if (engine === 'postgres' && columns.some((column) => column.isAutoIncrementing))
      await sql`select setval(pg_get_serial_sequence(${table}, 'id'), 1)`.execute(db);
    rows[table] = row;
  }
  return rows;
}

/** `node:sqlite` gives bytes as plain arrays of them. */
function withBuffers(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? Buffer.from(value) : value]),
  );
}

function valueOf(dataType: string): unknown {
  const type = dataType.toLowerCase();
  if (/int/.test(type)) return 1;
  if (/real|double|float|numeric/.test(type)) return 1.5;
  if (/blob|bytea/.test(type)) return Buffer.from([1, 2, 3]);
  if (/bool/.test(type)) return true;
  return 'text';
}
