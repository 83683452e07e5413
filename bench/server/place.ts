// Where a bench keeps its data: SQLite in a temporary folder, or a PostgreSQL cluster of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type Cluster } from '../../packages/server/src/fixtures/postgres.ts';
import { openDatabase, type Database, type DatabasePlace } from '../../packages/server/src/fixtures/database.ts';
import { cpuSecondsIn } from './server-process.ts';

/** Which database. */
export type EngineName = 'sqlite' | 'postgres';

/** An empty database. */
export interface Place {
  database: DatabasePlace;
  /** For `ebb up`. */
  flags: string[];
  cluster: Cluster | undefined;
  /** CPU seconds of the database's own processes; 0 for SQLite, which has none. */
  cpuSeconds(): number;
  open(): Promise<Database>;
  remove(): void;
}

/** Makes one. */
export function makePlace(engine: EngineName): Place {
  if (engine === 'sqlite') {
    const directory = mkdtempSync(join(tmpdir(), 'ebb-bench-'));
    return {
      database: { directory },
      flags: ['--data', directory],
      cluster: undefined,
      cpuSeconds: () => 0,
      open: async () => await openDatabase({ directory }),
      remove: () => rmSync(directory, { recursive: true, force: true }),
    };
  }
  const cluster = startCluster();
  const url = cluster.makeDatabase();
  // Its processes work in the cluster's data, beside its socket.
  const data = join(new URL(url).searchParams.get('host') ?? '', 'data');
  return {
    database: { url },
    flags: ['--database', url],
    cluster,
    cpuSeconds: () => cpuSecondsIn(data),
    open: async () => await openDatabase({ url }),
    remove: () => cluster.remove(),
  };
}
