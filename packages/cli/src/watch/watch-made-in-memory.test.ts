import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ebb, node, program } from '../fixtures/run-ebb.ts';
import type { WatchReport } from '../report/watch-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('lines are those of the source where a loader makes the program in memory', async () => {
  const kept = join(folder, 'kept');
  const watch = ['watch', '--report', join(folder, 'leak.json'), '--stop-on-finding', '--interval', '100'];
  const loader = pathToFileURL(program('in-memory-loader.mjs')).href;
  const command = [node, '--import', loader, program('leak.mjs'), '100', '2'];
  const run = await ebb([...watch, '--keep-snapshots', kept, '--', ...command]);
  const report = JSON.parse(readFileSync(join(folder, 'leak.json'), 'utf8')) as WatchReport;
  expect(report.verdict).toBe('leak');
  const [finding] = report.findings;
  const lines = readFileSync(program('leak.mjs'), 'utf8').split('\n');
  expect(finding?.insertedAt?.file).toBe(program('leak.mjs'));
  expect(lines[(finding?.insertedAt?.line ?? 0) - 1]).toContain('.set(');
  expect(run.stderr).toContain('remembered (Map)');
  const [maps] = readdirSync(kept).filter((name) => name.startsWith('source-maps-'));
  expect(existsSync(join(kept, maps ?? '', `${program('leak.mjs')}.map`))).toBe(true);
});
