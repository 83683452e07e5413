import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { scrubSnapshot } from '@ebb/capture';

// Scrubbed snapshots are worth something only if the analysis finds in them what it finds in whole ones.

const folder = mkdtempSync(join(tmpdir(), 'ebb-scrubbed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
const { writeHeapSnapshot } = require('node:v8');
class Session { constructor(user) { this.user = user; this.token = 'confidential ' + user; this.cart = []; } }
class SessionStore {
  constructor() { this.sessions = new Map(); }
  login(user) { this.sessions.set('confidential key of ' + user, new Session(user)); }
}
const store = new SessionStore();
module.exports = { store };
let user = 0;
for (const step of [1, 2, 3]) {
  for (let i = 0; i < 3000; i++) store.login('confidential user ' + user++);
  writeHeapSnapshot(process.argv[2] + step + '.heapsnapshot', { exposeNumericValues: true });
}
`;

const ebb = fileURLToPath(new URL('../packages/cli/bin/ebb.js', import.meta.url));

function analyze(files: string[]): { verdict: string; findings: unknown[] } {
  const { stdout } = spawnSync(process.execPath, [ebb, 'analyze', '--json', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const { verdict, findings } = JSON.parse(stdout) as { verdict: string; findings: unknown[] };
  return { verdict, findings };
}

test('a leak is found in scrubbed snapshots just as in whole ones, by the same fingerprint, file and line', async () => {
  const script = join(folder, 'service.cjs');
  writeFileSync(script, program);
  execFileSync(process.execPath, [script, join(folder, 'whole-')]);
  const whole = [1, 2, 3].map((step) => join(folder, `whole-${step}.heapsnapshot`));
  const scrubbed = [1, 2, 3].map((step) => join(folder, `scrubbed-${step}.heapsnapshot`));
  for (const [at, file] of whole.entries()) await scrubSnapshot(file, scrubbed[at]);
  const speaks = (file: string): boolean => readFileSync(file, 'latin1').includes('confidential');
  expect([...whole, ...scrubbed].map(speaks)).toEqual([true, true, true, false, false, false]);

  const [before, after] = [analyze(whole), analyze(scrubbed)];
  expect(before).toMatchObject({
    verdict: 'leak',
    findings: [{ kind: 'collection', holder: { name: 'sessions', location: { file: script } } }],
  });
  expect(after).toEqual(before);
});
