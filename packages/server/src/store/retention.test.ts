// A year of simulated time: what is kept stays within what is promised, however much comes and goes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCluster } from '../fixtures/postgres.ts';
import { edge, report } from '../fixtures/reports.ts';
import { openDatabase } from './database.ts';
import { ReportWriter } from './report-writer.ts';
import { tidy } from './retention.ts';
import type { Schema } from './schema.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.UTC(2026, 0, 1);
const keptDays = 90;
const retention = { samplesMs: 2 * dayMs, hoursMs: keptDays * dayMs, mostProcesses: 1000, mostServices: 100 };
const limits = { mostProcesses: 1000, mostServices: 100, mostWaiting: 10_000 };

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  test(
    'a year of reports, restarts, renamed services and turning verdicts stays bounded',
    { timeout: 300_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ebb-year-'));
      const cluster = engine === 'postgres' ? startCluster() : undefined;
      const database = await openDatabase(
        cluster === undefined ? { directory: folder } : { url: cluster.makeDatabase() },
      );
      try {
        const writer = await ReportWriter.open(database, limits);
        const countOf = async (table: keyof Schema): Promise<number> => {
          const { count } = await database.query
            .selectFrom(table)
            .select((select) => select.fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow();
          return count;
        };
        const most: Record<string, number> = {};
        for (let day = 0; day < 365; day++) {
          const dayStart = start + day * dayMs;
          // One lives all the year, one is another one every day, one belongs to a service that is renamed every week.
          const identities = [
            { instance: 'stays' },
            { instance: `of day ${day}` },
            { service: `of week ${Math.floor(day / 7)}`, instance: 'a' },
          ];
          const reports = Array.from({ length: 48 }, (_, i) =>
            identities.map((identity) =>
              report(dayStart + i * 0.5 * hourMs, { identity, edge: edge(i % 2 === 0 ? 'clean' : 'leak') }),
            ),
          ).flat();
          expect(writer.admit(reports).refused).toEqual([]);
          await writer.write(reports);
          if ((await tidy(database, dayStart + dayMs, retention)).forgotten > 0) await writer.learn();
          if (day % 30 !== 29) continue;
          for (const table of ['services', 'processes', 'samples', 'hourly_samples', 'verdict_changes'] as const)
            most[table] = Math.max(most[table] ?? 0, await countOf(table));
        }
        const keptWeeks = Math.ceil(keptDays / 7) + 1;
        const days = keptDays + 1;
        expect(most['processes']).toBeLessThanOrEqual(1 + days + keptWeeks);
        expect(most['services']).toBeLessThanOrEqual(1 + keptWeeks);
        // Two whole days, and the hour that is not over.
        expect(most['samples']).toBeLessThanOrEqual(3 * 48 * 3);
        expect(most['hourly_samples']).toBeLessThanOrEqual(3 * 24 * days);
        expect(most['verdict_changes']).toBeLessThanOrEqual(3 * 48 * days);
        expect(most['hourly_samples']).toBeGreaterThan(3 * 24 * 80);
      } finally {
        await database.close();
        cluster?.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
