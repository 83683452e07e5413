import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { deathSentence, deathText } from './death-text.ts';
import type { ReportedDeath } from './watch-report.ts';

const style = { chalk: new Chalk({ level: 0 }), colour: false, width: 100 };
const at = new Date(2026, 10, 21, 14, 2).getTime();
const death: ReportedDeath = {
  cause: 'heap-limit',
  sure: false,
  heapUsedBytes: 126e6,
  heapLimitBytes: 134e6,
  rssBytes: 210e6,
  rssLimitBytes: 512e6,
  growingSinceMs: at,
  bytesPerSecond: 1.1e6,
  heldBy: { subject: 'sessions (Map)', location: 'src/session-store.ts:57', retainedBytes: 79e6, heapShare: 0.941 },
  error: null,
  inFlight: [
    { request: 'POST /login', sinceMs: at },
    { request: 'GET /report', sinceMs: at },
    { request: 'POST /login', sinceMs: at },
  ],
  lastMinutes: [31, 44, 58, 79, 102, 126].map((mb, k) => ({
    timeMs: at + k * 12_000,
    heapUsedBytes: mb * 1e6,
    rssBytes: null,
    requests: null,
  })),
};

test('a process that ran out of memory is told with what was known just before', () => {
  expect(deathText({ pid: 42, command: 'node server.js' }, death, style)).toMatchInlineSnapshot(`
    "
    OUT OF MEMORY   process 42 (node server.js) ran out of memory: 94 % of the heap's limit was in use
                     (126 MB of 134 MB)
           growing   since 14:02, +1.1 MB/s
           held by   sessions (Map) in src/session-store.ts:57: 79 MB, 94 % of the heap, at the last
                     snapshot
           heap      31 MB, 44 MB, 58 MB, 79 MB, 102 MB, 126 MB in the last 60 s
           in flight POST /login and GET /report
           how sure  by its last samples, and by how it ended as far as that is known
    "
  `);
});

test.each([
  [{ cause: 'killed-for-memory', rssBytes: 500e6 }, /killed for want of memory: 98 % of the container's limit/u],
  [{ cause: 'uncaught-error', error: 'RangeError ERR_OUT_OF_MEMORY' }, /not caught \(RangeError ERR_OUT_OF_MEMORY\)/u],
  [{ cause: 'killed', sure: true }, /was killed; memory was not short: 94 %/u],
  [{ cause: 'killed', sure: false }, /or ended by a signal that it does not handle/u],
  [{ cause: 'aborted', heapLimitBytes: null }, /aborted; memory was not short$/u],
] as const)('%#: another end is told as what it is', (change, expected) => {
  expect(deathSentence({ ...death, ...change })).toMatch(expected);
});

test('nothing is said of what is not known', () => {
  const unknown = { ...death, growingSinceMs: null, heldBy: null, inFlight: [], lastMinutes: [], sure: true };
  expect(deathText({ pid: 42, command: 'node a.js' }, unknown, style).trim().split('\n')).toHaveLength(2);
});
