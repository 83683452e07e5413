// Servers that are killed while they page: no page is lost, no step is taken twice, and none is told under two keys.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { killWhilePaging } from '../fixtures/oncall-kills.ts';
import { startCluster } from '../fixtures/postgres.ts';
import type { DatabasePlace } from '../store/database.ts';

describe.each([
  ['sqlite', 1],
  ['postgres', 2],
] as const)('on %s, with %i at once', (engine, replicas) => {
  test.concurrent(
    'after kill -9 at ten moments every page was told, in the order of the policy',
    { timeout: 300_000 },
    async ({ expect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'ebb-oncall-killed-'));
      const cluster = engine === 'postgres' ? startCluster() : undefined;
      const database: DatabasePlace =
        cluster === undefined ? { directory: join(folder, 'data') } : { url: cluster.makeDatabase() };
      try {
        const told = { database, replicas, kills: 10, services: 6, speed: 20, random: Math.random };
        const result = await killWhilePaging(told);
        // On a slow machine it takes more than one batch.
        expect(result.incidents % 6).toBe(0);
        expect(result).toEqual({
          kills: 10,
          incidents: result.incidents,
          pages: 6 * result.incidents,
          repeated: result.repeated,
          ...{ lost: 0, outOfOrder: 0, changedTwice: 0, twice: 0, missed: 0 },
        });
      } finally {
        cluster?.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
