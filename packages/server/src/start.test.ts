import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// Each of them is milliseconds and megabytes of every start (bench/server/start.bench.ts), for what most servers never do.
const onlyWhenNeeded = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  '@fastify/swagger',
  '@fastify/swagger-ui',
  'ajv',
  'ajv-formats',
  'ical-generator',
  'markdown-it',
  'nodemailer',
  'pg',
  'rrule-temporal',
  'snappy',
  'typebox',
  'yaml',
];

test('a server that has only just started has loaded nothing that nobody asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-start-'));
  try {
    const program = join(import.meta.dirname, 'fixtures/loaded-packages.ts');
    const loaded = JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: 'utf8' })) as string[];
    expect(loaded).toEqual(expect.arrayContaining(['fastify', 'kysely']));
    // Schemas are made by http/type.ts, with typebox's types only; the others are imported where they are used.
    expect(loaded.filter((name) => onlyWhenNeeded.includes(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
