import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ebb, node } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
const file = (name: string): string => join(folder, `${name}.heapsnapshot`);

/** Two snapshots of one process, taken with some work between them. */
function writeSnapshots(first: string, second: string, start = ''): void {
  const source = `
    ${start}
    const { writeHeapSnapshot } = require('node:v8');
    const kept = [];
    for (const file of process.argv.slice(1)) {
      for (let k = 0; k < 300; k++) kept.push({ k });
      writeHeapSnapshot(file);
    }`;
  expect(spawnSync(node, ['-e', source, first, second]).status).toBe(0);
}

beforeAll(() => {
  writeSnapshots(file('early'), file('late'));
  writeSnapshots(
    file('other-early'),
    file('other-late'),
    "for (const name of ['http', 'crypto', 'zlib', 'readline', 'tls']) require('node:' + name);",
  );
  const whole = readFileSync(file('early'));
  const text = whole.toString('latin1');
  writeFileSync(file('empty'), '');
  writeFileSync(file('begun'), whole.subarray(0, 40));
  writeFileSync(file('cut'), whole.subarray(0, whole.length >> 1));
  writeFileSync(file('text'), 'hello\n');
  writeFileSync(file('binary'), Buffer.from(Array.from({ length: 5000 }, (_, k) => (k * 7919) % 256)));
  writeFileSync(file('json'), JSON.stringify({ nodes: [], edges: [] }));
  writeFileSync(file('profile'), JSON.stringify({ head: { callFrame: {}, children: [] }, samples: [] }));
  writeFileSync(file('future'), text.replace('"self_size"', '"unheard_of"'), 'latin1');
  mkdirSync(file('folder'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  { form: 'text', flags: [] },
  { form: 'JSON', flags: ['--json'] },
])('asked for $form', ({ flags }) => {
  test.each([
    ['that is missing', ['none'], 'EBB_HEAP_FILE_NOT_FOUND'],
    ['that is missing, among whole ones', ['early', 'none'], 'EBB_HEAP_FILE_NOT_FOUND'],
    ['that is a folder', ['folder'], 'EBB_HEAP_FILE_UNREADABLE'],
    ['that is empty', ['empty'], /EBB_HEAP_(?:TRUNCATED|NOT_A_SNAPSHOT)/u],
    ['that ends in its head', ['begun'], 'EBB_HEAP_TRUNCATED'],
    ['that ends in the middle', ['cut'], 'EBB_HEAP_TRUNCATED'],
    ['that ends in the middle, among whole ones', ['early', 'cut', 'late'], 'EBB_HEAP_TRUNCATED'],
    ['that is text', ['text'], 'EBB_HEAP_NOT_A_SNAPSHOT'],
    ['that is binary', ['binary'], 'EBB_HEAP_NOT_A_SNAPSHOT'],
    ['that is some other JSON', ['json'], 'EBB_HEAP_NOT_A_SNAPSHOT'],
    ['that is a profile', ['profile'], 'EBB_HEAP_NOT_A_SNAPSHOT'],
    ['of a layout that nobody knows', ['future'], 'EBB_HEAP_UNKNOWN_FORMAT'],
    ['given before an older one', ['late', 'early'], 'EBB_HEAP_WRONG_ORDER'],
    ['of another program', ['early', 'other-late'], 'EBB_HEAP_DIFFERENT_PROGRAMS'],
  ] as const)('a snapshot %s is one clear error, and nothing on standard output', async (_, names, code) => {
    const run = await ebb(['analyze', ...flags, ...names.map(file)]);
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toBe('');
    expect(run.stderr).toMatch(code);
    expect(run.stderr).toMatch(/^ebb: [^\n]+ \(EBB_HEAP_[A-Z_]+\)\n(?: {5}[^\n]+\n)?$/u);
    expect(run.stderr).toContain(folder);
  });
});
