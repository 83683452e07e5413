// A server that is killed at any moment has lost nothing that it had acknowledged.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'vitest';
import { startCluster } from './fixtures/postgres.ts';
import { otlpJson } from './fixtures/reports.ts';
import { openDatabase, type DatabasePlace } from './store/database.ts';

const clients = 12;

interface Started {
  child: ChildProcess;
  url: string;
  firstTokens: { agent: string } | null;
}

async function start(place: DatabasePlace): Promise<Started> {
  const program = join(import.meta.dirname, 'fixtures/serve.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(place)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, ...(JSON.parse(line) as Omit<Started, 'child'>) };
}

/** Sends from several clients at once until `enough` requests were acknowledged, then kills the server under the rest. */
async function sendAndKill(server: Started, token: string, round: number, enough: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const startMs = Date.now() - 3_600_000 + round * 600_000;
  let killed = false;
  const client = async (number: number): Promise<void> => {
    for (let i = 0; !killed; i++) {
      const [timeMs, instance] = [startMs + i * 1000, `c${number}`];
      try {
        const response = await fetch(`${server.url}/v1/metrics`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify(otlpJson(timeMs, { instance, verdict: i % 2 === 0 ? 'clean' : 'leak' })),
        });
        if (response.status === 200) acknowledged.push(`${instance} ${timeMs}`);
        else throw new Error(`status ${response.status}`);
      } catch (error) {
        if (!killed) throw error;
      }
      if (acknowledged.length >= enough && !killed) {
        killed = true;
        server.child.kill('SIGKILL');
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, 'exit');
  return acknowledged;
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  test.concurrent(
    'every acknowledged row is there after kill -9, and the server starts again',
    { timeout: 180_000 },
    async ({ expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'ebb-killed-'));
      const cluster = engine === 'postgres' ? startCluster() : undefined;
      const place: DatabasePlace = cluster === undefined ? { directory: folder } : { url: cluster.makeDatabase() };
      try {
        const acknowledged: string[] = [];
        let token = '';
        // Not at one moment: after a few requests, and after many.
        for (const [round, enough] of [3, 150].entries()) {
          const server = await start(place);
          token = server.firstTokens?.agent ?? token;
          acknowledged.push(...(await sendAndKill(server, token, round, enough)));
        }
        expect(acknowledged.length).toBeGreaterThanOrEqual(3 + 150);
        const database = await openDatabase(place);
        const rows = await database.query
          .selectFrom('samples')
          .innerJoin('processes', 'processes.id', 'samples.process_id')
          .select(['instance', 'time_ms', 'samples.rss_bytes'])
          .execute();
        const stored = new Set(rows.map(({ instance, time_ms: timeMs }) => `${instance} ${timeMs}`));
        expect(acknowledged.filter((row) => !stored.has(row))).toEqual([]);
        // What is known last of a process is its newest sample: both are of one transaction.
        const processes = await database.query.selectFrom('processes').select(['instance', 'last_seen_ms']).execute();
        for (const { instance, last_seen_ms: lastSeenMs } of processes)
          expect(stored).toContain(`${instance} ${lastSeenMs}`);
        await database.close();
      } finally {
        cluster?.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
