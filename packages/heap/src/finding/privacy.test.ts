// What a program calls things is told; what it stores under is not.
import { dirname } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { programFolder, programPath } from '../fixtures/programs/run-program.ts';
import { analyze } from './analyze.ts';
import type { FindingsReport } from './finding.ts';

const folder = programFolder();
afterAll(() => folder.stop());

async function reportOf(program: string): Promise<FindingsReport> {
  const path = programPath(program);
  const { files } = await folder.run(path);
  return analyze({ files, cwd: dirname(path), work: [], onProgress: () => undefined });
}

test.each([
  ['events that are named for a user', 'keys-reply.mjs', 'bus'],
  ['callbacks by user', 'keys-callbacks.mjs', 'callbacks'],
  ['a list for each tenant', 'keys-tenants.mjs', 'history'],
])('%s: the report names the holder, and no key', async (_what, program, holder) => {
  const report = await reportOf(program);
  expect(report.verdict).toBe('leak');
  expect(JSON.stringify(report)).not.toContain('SECRET');
  expect(report.findings[0].subject).toContain(holder);
});

test('lists that grow side by side, one for each tenant, are one finding', async () => {
  const { findings } = await reportOf('keys-tenants.mjs');
  expect(findings).toHaveLength(1);
  expect(findings[0].holders).toBe(10);
  expect(findings[0].growthCount).toBe(800);
});
