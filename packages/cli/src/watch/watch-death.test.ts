import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bin, ebb, node, start, startEbb, type Ended } from '../fixtures/run-ebb.ts';
import type { WatchReport } from '../report/watch-report.ts';
import { makeMemoryGroup } from '../tune/memory-group.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
const temporary = join(folder, 'tmp');
beforeAll(() => mkdirSync(temporary));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function program(text: string): string {
  const file = join(folder, `program${count++}.mjs`);
  writeFileSync(file, text);
  return file;
}
const options = (): string[] => [
  'watch',
  '--no-live',
  '--interval',
  '50',
  '--report',
  join(folder, 'report.json'),
  '--',
];
const report = (): WatchReport => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as WatchReport;
const watched = (...command: string[]): Promise<Ended> => ebb([...options(), ...command], { TMPDIR: temporary });

/** A service with one request that it never answers; `then` goes on with that under way, once Ebb has sampled it. */
const serving = (then: string): string => `
import http from 'node:http';
const server = http.createServer((request, response) => {
  if (request.url === '/ready') return response.end('ok');
  setTimeout(() => { ${then} }, 1000);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const ask = (path, then) => http.get({ port, host: '127.0.0.1', path, agent: false }, (response) => response.resume().on('end', then)).on('error', () => {});
  setTimeout(() => ask('/ready', () => ask('/slow', () => {})), 1000);
});`;

test('a program that runs out of memory is told with its last minutes and the request that was in flight', async () => {
  const file = program(
    serving(
      'const kept = []; setInterval(() => { for (let k = 0; k < 300; k++) kept.push(new Array(110).fill(k + 0.5)); }, 10);',
    ),
  );
  const run = await watched(node, '--max-old-space-size=40', file);
  expect(run.code).toBe(134);
  expect(run.stderr).toMatch(/OUT OF MEMORY +process \d+ .*ran out of memory/u);
  expect(run.stderr).toMatch(/in flight GET \/slow\n/u);
  const { death, program: told, notes } = report();
  expect(told).toEqual({ exitCode: null, signal: 'SIGABRT' });
  expect(death).toMatchObject({ cause: 'heap-limit', inFlight: [{ request: 'GET /slow' }] });
  expect(death?.lastMinutes.length).toBeGreaterThan(5);
  expect(death?.lastMinutes.at(-1)?.heapUsedBytes).toBeGreaterThan(death?.lastMinutes[0]?.heapUsedBytes ?? Infinity);
  expect(notes.some((note) => note.includes('ran out of memory'))).toBe(true);
  expect(readdirSync(temporary)).toEqual([]);
});

test('a program that is killed is told to have been killed, and that memory was not short', async () => {
  const file = program(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);`);
  const run = await watched(node, file);
  expect(run.signal).toBe('SIGKILL');
  expect(run.stderr.replace(/\n\s+/gu, ' ')).toMatch(
    /DIED +process \d+ \(node program\d+\.mjs\) was killed; memory was not short/u,
  );
  expect(report().death).toMatchObject({ cause: 'killed', sure: true });
});

const probe = makeMemoryGroup(2 ** 27);
if (typeof probe !== 'string') probe.remove();
const filling = `const kept = []; setTimeout(() => setInterval(() => kept.push(Buffer.alloc(2e6, 1)), 20), 1500);`;

test.skipIf(typeof probe === 'string').each([
  ['as Ebb itself', (enter: string) => ['sh', '-c', `${enter}; exec "$0" "$@"`, node, bin, ...options(), node]],
  [
    'that only the program is in',
    (enter: string) => [node, bin, ...options(), 'sh', '-c', `${enter}; exec "$0" "$@"`, node],
  ],
])('a program that the kernel kills for want of memory, in a group %s, is told so', async (_, commandOf) => {
  const group = makeMemoryGroup(300 * 2 ** 20);
  if (typeof group === 'string') throw new Error(group);
  try {
    const [command = '', ...args] = commandOf(`echo $$ > ${group.processesFile}`);
    const run = await start(command, [...args, program(filling)], { TMPDIR: temporary }).ended;
    expect(group.use().kills).toBe(1);
    expect(run.signal).toBe('SIGKILL');
    expect(run.stderr.replace(/\n\s+/gu, ' ')).toMatch(
      /OUT OF MEMORY +process \d+ \(node program\d+\.mjs\) was killed for want of memory: \d+ % of the container's limit/u,
    );
    expect(report().death).toMatchObject({ cause: 'killed-for-memory', sure: true, rssLimitBytes: 300 * 2 ** 20 });
  } finally {
    group.remove();
  }
});

test('an error that says that memory ran out is told by its name, and nothing of its message', async () => {
  const file = program(
    `setTimeout(() => { throw Object.assign(new RangeError('secret hunter2'), { code: 'ERR_OUT_OF_MEMORY' }); }, 1500);`,
  );
  const run = await watched(node, file);
  expect(run.code).toBe(1);
  expect(report().death).toMatchObject({
    cause: 'uncaught-error',
    error: 'RangeError ERR_OUT_OF_MEMORY',
  });
  expect(JSON.stringify(report())).not.toContain('hunter2');
});

test('a process behind a shell is told by the code that the shell passes on', async () => {
  const file = program(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);`);
  const run = await watched('sh', '-c', `'${node}' '${file}'; exit $?`);
  expect(run.code).toBe(137);
  expect(report().death).toMatchObject({ cause: 'killed' });
});

test.each([
  ['by itself', '', 'setTimeout(() => process.exit(3), 1500)'],
  ['by an error that has nothing to do with memory', '', `setTimeout(() => { throw new TypeError('no'); }, 1500)`],
  ['by a signal', 'SIGTERM', `console.log('ready'); setInterval(() => {}, 1000)`],
])('a program that ends %s has not died', async (_how, signal, text) => {
  const run = startEbb([...options(), node, program(text)], { TMPDIR: temporary });
  if (signal !== '') {
    await run.says(/watching process/u, 'stderr');
    run.child.kill(signal as NodeJS.Signals);
  }
  const { stderr } = await run.ended;
  expect(stderr).not.toMatch(/OUT OF MEMORY|DIED/u);
  expect(report().death).toBeUndefined();
  expect(readdirSync(temporary)).toEqual([]);
});
