/**
 * What is done to the server's surroundings, and what its clients notice. Each fault strikes a server in a process of its
 * own, under load; what it had acknowledged is counted in the database in the end. The table in docs/server-faults.md is
 * what this test saw; `node_modules/.bin/vitest run packages/server/src/faults.test.ts` with WRITE_FAULTS=1 writes it anew.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from './fixtures/postgres.ts';
import { otlpJson } from './fixtures/reports.ts';
import { startSmallDisk, type SmallDisk } from './fixtures/small-disk.ts';
import { openDatabase, type DatabasePlace } from './store/database.ts';

const page = fileURLToPath(new URL('../../../docs/server-faults.md', import.meta.url));
const clients = 6;
/** Of util-linux: sets what a process may use. */
const prlimit = '/usr/bin/prlimit';

interface Victim {
  child: ChildProcess;
  url: string;
  admin: string;
  directory: string;
  cluster: Cluster | undefined;
  disk: SmallDisk | undefined;
  /** Statuses that senders have seen so far, and the codes in refusals. */
  statuses: Map<number, number>;
  codes: Set<string>;
  /** Resolves when senders have seen a status so many times more. */
  seen(status: number, times?: number): Promise<void>;
  /** The status of a question. */
  ask(path: string): Promise<number>;
}

interface Fault {
  name: string;
  engine: 'sqlite' | 'postgres';
  does: string;
  /** The data is on a disk of its own, so small. */
  diskBytes?: number;
  /** Done under load; returns what reads were answered with meanwhile. */
  strike(victim: Victim): Promise<string>;
}

const writes = 'writes are refused with 503 and `EBB_SERVER_DATABASE`';

/** Writes are refused from one to the other, and taken again; what reads are answered with in between. */
const refusesMeanwhile =
  (fill: (victim: Victim) => void, makeRoom: (victim: Victim) => void): Fault['strike'] =>
  async (victim) => {
    fill(victim);
    await victim.seen(503, 10);
    const reads = await victim.ask('/api/v1/services');
    makeRoom(victim);
    await victim.seen(200, 10);
    return String(reads);
  };

const faults: Fault[] = [
  {
    name: 'the disk is full, and has room again (RLIMIT_FSIZE)',
    engine: 'sqlite',
    does: writes,
    strike: refusesMeanwhile(
      (victim) => limitFiles(victim, '0'),
      (victim) => limitFiles(victim, 'unlimited'),
    ),
  },
  {
    name: 'the disk is full, and has room again (ENOSPC)',
    engine: 'sqlite',
    does: writes,
    diskBytes: 16e6,
    strike: refusesMeanwhile(
      (victim) => victim.disk?.fill(),
      (victim) => victim.disk?.makeRoom(),
    ),
  },
  {
    name: "PostgreSQL's disk is full, and has room again (ENOSPC)",
    engine: 'postgres',
    does: writes,
    diskBytes: 128e6,
    strike: refusesMeanwhile(
      (victim) => victim.cluster?.fillDisk(),
      (victim) => victim.cluster?.makeRoom(),
    ),
  },
  {
    name: 'another process locks the SQLite file for a second, and lets go',
    engine: 'sqlite',
    does: 'writes wait',
    strike: async (victim) => {
      const other = new DatabaseSync(join(victim.directory, 'ebb.sqlite'));
      other.exec('pragma busy_timeout = 10000; begin immediate');
      const before = victim.statuses.get(200) ?? 0;
      const reads = [];
      for (let i = 0; i < 10; i++) {
        reads.push(await victim.ask('/api/v1/services'));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // Those that were on their way when it was locked.
      expect((victim.statuses.get(200) ?? 0) - before).toBeLessThanOrEqual(clients);
      other.exec('rollback');
      other.close();
      await victim.seen(200, 10);
      return [...new Set(reads)].join(', ');
    },
  },
  {
    name: 'PostgreSQL is stopped, and started again',
    engine: 'postgres',
    does: writes,
    strike: async (victim) => await restart(victim, 'fast'),
  },
  {
    name: 'PostgreSQL ends as by a power failure, and is started again',
    engine: 'postgres',
    does: writes,
    strike: async (victim) => await restart(victim, 'immediate'),
  },
  {
    name: 'an operator ends all connections to PostgreSQL, three times',
    engine: 'postgres',
    does: `${writes}, or taken over a new connection`,
    strike: async (victim) => {
      for (let i = 0; i < 3; i++) {
        victim.cluster?.endConnections();
        await victim.seen(200, 10);
      }
      return String(await victim.ask('/api/v1/services'));
    },
  },
  {
    name: 'PostgreSQL stands still (SIGSTOP), and goes on',
    engine: 'postgres',
    does: 'writes wait',
    strike: async (victim) => {
      victim.cluster?.signal('SIGSTOP');
      const before = victim.statuses.get(200) ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect((victim.statuses.get(200) ?? 0) - before).toBeLessThanOrEqual(clients);
      victim.cluster?.signal('SIGCONT');
      await victim.seen(200, 10);
      return String(await victim.ask('/api/v1/services'));
    },
  },
];

async function restart(victim: Victim, mode: 'fast' | 'immediate'): Promise<string> {
  victim.cluster?.stop(mode);
  await victim.seen(503, 10);
  const reads = await victim.ask('/api/v1/services');
  victim.cluster?.start();
  await victim.seen(200, 10);
  return String(reads);
}

function limitFiles({ child }: Victim, bytes: string): void {
  execFileSync(prlimit, ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]);
}

const rows = new Map<string, string>();

test.for(faults)('$name', { timeout: 120_000 }, async (fault) => {
  const directory = mkdtempSync(join(tmpdir(), 'ebb-server-fault-'));
  const { engine, diskBytes } = fault;
  const cluster = engine === 'postgres' ? startCluster(diskBytes === undefined ? {} : { diskBytes }) : undefined;
  const disk =
    engine === 'sqlite' && diskBytes !== undefined ? startSmallDisk(directory, { bytes: diskBytes }) : undefined;
  const place: DatabasePlace = cluster === undefined ? { directory } : { url: cluster.makeDatabase() };
  const program = join(import.meta.dirname, 'fixtures/serve.ts');
  const [command, ...words] = [...(disk?.enter ?? []), process.execPath, program, JSON.stringify(place)];
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url, firstTokens } = JSON.parse(line) as { url: string; firstTokens: { admin: string; agent: string } };
    const load = startLoad(url, firstTokens.agent);
    const ask = async (path: string): Promise<number> => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${firstTokens.admin}` } });
      await response.text();
      return response.status;
    };
    const victim: Victim = { child, url, admin: firstTokens.admin, directory, cluster, disk, ask, ...load };
    await victim.seen(200, 10);
    const reads = await fault.strike(victim);
    await load.stop();
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    expect([...load.statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect([...load.codes].filter((code) => code !== 'EBB_SERVER_DATABASE')).toEqual([]);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    const lost = await missing(disk === undefined ? place : copyOf(disk, directory), load.acknowledged);
    expect(lost).toEqual([]);
    rows.set(fault.name, `| ${fault.name} | ${fault.engine} | ${fault.does} | ${reads} | none |`);
  } finally {
    child.kill('SIGKILL');
    cluster?.signal('SIGCONT');
    cluster?.remove();
    disk?.remove();
    rmSync(directory, { recursive: true, force: true });
  }
});

afterAll(() => {
  const lines = readFileSync(page, 'utf8').split('\n');
  const first = lines.findIndex((line) => line.startsWith('| ---'));
  const seen = faults.flatMap(({ name }) => rows.get(name) ?? []);
  if (process.env['WRITE_FAULTS'] === '1') {
    writeFileSync(page, [...lines.slice(0, first + 1), ...seen, ''].join('\n'));
    return;
  }
  // A test of its own would not see what the others saw; one that was left out is told by its name.
  for (const row of seen) expect(lines).toContain(row);
});

interface Load extends Pick<Victim, 'statuses' | 'codes' | 'seen'> {
  acknowledged: string[];
  stop(): Promise<void>;
}

/** Sends one report after the other from each of some clients, whatever comes back. */
function startLoad(url: string, token: string): Load {
  const statuses = new Map<number, number>();
  const codes = new Set<string>();
  const acknowledged: string[] = [];
  let stopped = false;
  let told: () => void = () => undefined;
  const client = async (number: number): Promise<void> => {
    const startMs = Date.now() - 3_600_000;
    for (let i = 0; !stopped; i++) {
      const [instance, timeMs] = [`c${number}`, startMs + i * 1000];
      const response = await fetch(`${url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(otlpJson(timeMs, { instance, verdict: i % 5 === 0 ? 'leak' : 'clean' })),
      });
      const text = await response.text();
      if (response.status === 200) acknowledged.push(`${instance} ${timeMs}`);
      else {
        codes.add(/EBB_SERVER_[A-Z_]+/.exec(text)?.[0] ?? text);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      told();
    }
  };
  const running = Array.from({ length: clients }, async (_, number) => await client(number));
  return {
    statuses,
    codes,
    acknowledged,
    seen: async (status, times = 1) => {
      const wanted = (statuses.get(status) ?? 0) + times;
      while ((statuses.get(status) ?? 0) < wanted) {
        await Promise.race([new Promise<void>((resolve) => (told = resolve)), ...running]);
      }
    },
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
}

/** The files of a disk that this process does not see, beside. */
function copyOf({ outside }: SmallDisk, directory: string): DatabasePlace {
  const copy = mkdtempSync(join(directory, 'copy-'));
  for (const name of readdirSync(outside)) copyFileSync(join(outside, name), join(copy, name));
  return { directory: copy };
}

async function missing(place: DatabasePlace, acknowledged: readonly string[]): Promise<string[]> {
  const database = await openDatabase(place);
  const samples = await database.query
    .selectFrom('samples')
    .innerJoin('processes', 'processes.id', 'samples.process_id')
    .select(['instance', 'time_ms'])
    .execute();
  await database.close();
  const stored = new Set(samples.map(({ instance, time_ms: timeMs }) => `${instance} ${timeMs}`));
  return acknowledged.filter((row) => !stored.has(row));
}
