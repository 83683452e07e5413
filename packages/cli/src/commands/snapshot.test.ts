import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ebb, node, startEbb } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-snapshot-'));
const file = (name: string): string => join(folder, `${name}.heapsnapshot`);
const source = `
  class Session { secret = 'hunter2 is not a good password'; }
  globalThis.sessions = Array.from({ length: 100 }, () => new Session());
  globalThis.more = Array.from({ length: 200_000 }, (_, i) => ({ i }));
  process.stdin.resume(); console.log('ready');`;
const service = spawn(node, ['--inspect-port=0', '-e', source], { stdio: ['pipe', 'pipe', 'ignore'] });
const pid = String(service.pid);
beforeAll(async () => {
  await new Promise((resolve) => service.stdout.once('data', resolve));
});
afterAll(() => {
  service.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('a snapshot of a running process is taken, and one line says where, how large, how, and how long it paused', async () => {
  const { code, stdout, stderr } = await ebb(['snapshot', '--pid', pid, '-o', file('a')]);
  expect(stderr).toContain('in process');
  expect(stdout.toString()).toMatch(
    new RegExp(`^${file('a')}: [\\d.]+ MB, forked; process ${pid} \\(Node.js [\\d.]+\\) paused for [\\d.]+ m?s\\n$`),
  );
  expect(code).toBe(0);
  expect(statSync(file('a')).mode & 0o777).toBe(0o600);
  expect(readFileSync(file('a'), 'utf8')).toContain('hunter2');
  // What the line says can be read.
  const analysed = await ebb(['analyze', '--json', file('a')]);
  expect(analysed.code).toBe(0);
});

test('what a loader compiled in memory brings its source maps along, in a folder beside the snapshot', async () => {
  const map = { version: 3, sources: ['store.ts'], names: [], mappings: 'AAAA' };
  const data = Buffer.from(JSON.stringify(map)).toString('base64');
  const made = `globalThis;\n//# sourceMappingURL=data:application/json;base64,${data}`;
  const program = `
    globalThis.script = new (require('node:vm').Script)(${JSON.stringify(made)}, { filename: '/srv/shop/store.ts' });
    script.runInThisContext(); process.stdin.resume(); console.log('ready');`;
  const compiled = spawn(node, ['--inspect-port=0', '-e', program], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await new Promise((resolve) => compiled.stdout.once('data', resolve));
    const { code, stderr } = await ebb(['snapshot', '--pid', String(compiled.pid), '-o', file('compiled')]);
    expect(code).toBe(0);
    expect(stderr).toContain(`ebb analyze --source-maps ${file('compiled')}.maps ${file('compiled')}\n`);
    const written = join(`${file('compiled')}.maps`, 'srv/shop/store.ts.map');
    expect(JSON.parse(readFileSync(written, 'utf8'))).toEqual(map);
    expect(statSync(written).mode & 0o777).toBe(0o600);
  } finally {
    compiled.kill('SIGKILL');
  }
});

test('a file that exists is left alone, and the process is not touched', async () => {
  const before = readFileSync(file('a'));
  const { code, stderr } = await ebb(['snapshot', '--pid', pid, '-o', file('a')]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `ebb: ${file('a')} exists already. Name a file that does not exist. (EBB_CAPTURE_EXISTS)\n`,
  });
  expect(readFileSync(file('a')).equals(before)).toBe(true);
});

test('a scrubbed snapshot, taken or made of a file, holds no contents', async () => {
  const taken = await ebb(['snapshot', '--pid', pid, '--scrub', '--json', '-o', file('scrubbed')]);
  expect(JSON.parse(taken.stdout.toString())).toMatchObject({
    format: 'ebb.snapshot/1',
    pid: service.pid,
    file: file('scrubbed'),
    bytes: statSync(file('scrubbed')).size,
    scrubbed: true,
    method: 'fork',
    fallback: null,
    sourceMaps: null,
  });
  const made = await ebb(['snapshot', '--scrub', file('a'), '-o', file('made')]);
  expect(made.stdout.toString()).toMatch(
    /made\.heapsnapshot: [\d.]+ MB, scrubbed: [\d,]+ strings are gone, [\d,]+ names stay\n$/,
  );
  for (const name of ['scrubbed', 'made']) {
    const text = readFileSync(file(name), 'utf8');
    expect(text).toContain('Session');
    expect(text).not.toContain('hunter2');
  }
});

test('with consent it is taken by the inspector', async () => {
  const { code, stdout } = await ebb(['snapshot', '--pid', pid, '--method', 'inline', '-o', file('inline')]);
  expect(code).toBe(0);
  expect(stdout.toString()).toContain('by the inspector');
});

test('Ctrl-C calls it off, leaves no file, and the program works on', async () => {
  const before = readdirSync(folder);
  const { child, ended } = startEbb(['snapshot', '--pid', pid, '--method', 'inline', '-o', file('never')]);
  while (!existsSync(file('never'))) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(code).toBe(3);
  expect(stderr).toContain('EBB_CAPTURE_ABORTED');
  expect(readdirSync(folder)).toEqual(before);
  expect(service.exitCode).toBeNull();
});

test.each([
  [['--pid', '4194000'], 2, 'EBB_CAPTURE_NO_PROCESS'],
  [['--pid', 'abc'], 2, 'EBB_CLI_BAD_VALUE'],
  [['--pid', pid, '--method', 'quickly'], 2, 'EBB_CLI_BAD_VALUE'],
  [['--pid', pid, '-o', '/no/such/folder/x'], 2, 'EBB_CAPTURE_FILE'],
  [['--pid', pid, 'x.heapsnapshot'], 2, 'EBB_CLI_USAGE'],
  [[], 2, 'EBB_CLI_MISSING_ARGUMENT'],
  [['--scrub', '/etc/hostname'], 2, 'EBB_CLI_MISSING_ARGUMENT'],
  [['--scrub', '/etc/hostname', '-o', file('no')], 2, 'EBB_CAPTURE_NOT_A_SNAPSHOT'],
  [['--scrub', '/no/such', '-o', file('no')], 2, 'EBB_CAPTURE_FILE'],
])('%j ends with %i and %s', async (args, exitCode, errorCode) => {
  const { code, stderr, stdout } = await ebb(['snapshot', ...args]);
  expect(stderr).toContain(errorCode);
  expect(code).toBe(exitCode);
  expect(stdout.toString()).toBe('');
});

test('a process that is not Node.js is refused, with what to do', async () => {
  const other = spawn('sleep', ['60']);
  const { code, stderr } = await ebb(['snapshot', '--pid', String(other.pid)]);
  expect(stderr).toContain('(sleep) is not Node.js');
  expect(code).toBe(2);
  expect(other.exitCode).toBeNull();
  other.kill();
});
