// Servers that are killed at any moment: no alert is lost, and none is told by two at the same time.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'vitest';
import { startCluster } from '../fixtures/postgres.ts';
import { startReceiver } from '../fixtures/receiver.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { openDatabase, type DatabasePlace } from '../store/database.ts';
import { leaseMs } from './outbox/lease.ts';

const services = Array.from({ length: 24 }, (_, i) => `service ${i}`);

interface Started {
  child: ChildProcess;
  url: string;
  firstTokens: { agent: string } | null;
}

async function start(told: { database: DatabasePlace; rulesFile: string; aheadMs: number }): Promise<Started> {
  const program = join(import.meta.dirname, '../fixtures/serve-alerts.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, ...(JSON.parse(line) as Omit<Started, 'child'>) };
}

async function kill({ child }: Started): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe.each([
  ['sqlite', 1],
  ['postgres', 2],
] as const)('on %s, with %i at once', (engine, replicas) => {
  test.concurrent(
    'after kill -9 at several moments every alert was told, and no two told it at the same time',
    { timeout: 240_000 },
    async ({ expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'ebb-alerts-killed-'));
      const cluster = engine === 'postgres' ? startCluster() : undefined;
      const database: DatabasePlace =
        cluster === undefined ? { directory: join(folder, 'data') } : { url: cluster.makeDatabase() };
      const receiver = await startReceiver();
      const rulesFile = join(folder, 'rules.yaml');
      writeFileSync(
        rulesFile,
        `routes: [{ to: [team] }]\nreceivers: { team: { webhook: { url: "${receiver.url}" } } }\n`,
      );
      const underWay = new Set<string>();
      const twice: string[] = [];
      receiver.answer = (told, response) => {
        const key = String(told.headers['idempotency-key']);
        if (underWay.has(key)) twice.push(key);
        underWay.add(key);
        response.on('close', () => underWay.delete(key));
        setTimeout(() => response.end(), 15);
      };
      let running: Started[] = [];
      try {
        let token = '';
        let aheadMs = 0;
        // After the first few, and in the middle; the last round goes through.
        for (const enough of [2, 13, Infinity]) {
          running = [];
          for (let i = 0; i < replicas; i++) running.push(await start({ database, rulesFile, aheadMs }));
          token = running[0].firstTokens?.agent ?? token;
          for (const [i, service] of services.entries()) {
            const { url } = running[i % replicas];
            const response = await fetch(`${url}/v1/metrics`, {
              method: 'POST',
              headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
              body: JSON.stringify(otlpJson(Date.now() + aheadMs, { service, verdict: 'leak' })),
            });
            expect(response.status).toBe(200);
          }
          const told = (): number => new Set(receiver.told.map(({ headers }) => headers['idempotency-key'])).size;
          await until(() => told() >= Math.min(enough, services.length));
          if (enough === Infinity) break;
          // One is killed; on PostgreSQL the other goes on for a while, and is killed, too.
          await kill(running[0]);
          if (replicas > 1) {
            const before = receiver.told.length;
            await until(() => told() === services.length || receiver.told.length > before + 1);
            await kill(running[1]);
          }
          // What the dead ones held is free again after the lease.
          aheadMs += leaseMs + 1000;
        }
        const opened = await openDatabase(database);
        const states = async (): Promise<string[]> =>
          (await opened.query.selectFrom('notices').select('state').where('kind', '=', 'opened').execute()).map(
            ({ state }) => state,
          );
        await until(async () => (await states()).every((state) => state === 'told'));
        // Each incident has one notice, and each notice was told at least once, with one key.
        expect(await states()).toHaveLength(services.length);
        const keys = new Map<string, string>();
        for (const { headers, json } of receiver.told)
          for (const { service, change } of json.incidents)
            if (change === 'opened') keys.set(service, keys.get(service) ?? String(headers['idempotency-key']));
        expect([...keys.keys()].sort()).toEqual([...services].sort());
        for (const { headers, json } of receiver.told)
          for (const { service, change } of json.incidents)
            if (change === 'opened') expect(headers['idempotency-key']).toBe(keys.get(service));
        expect(twice).toEqual([]);
        await opened.close();
      } finally {
        for (const server of running) server.child.kill('SIGKILL');
        await receiver.close();
        cluster?.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
