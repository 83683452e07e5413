import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { howFast, howLong } from './outlook.ts';
import { confirmedLeakText, routeText } from './finding-text.ts';
import { summaryText } from './summary.ts';
import { gravest, reportedTrend, watchReport, type ReportedProcess, type WatchedFinding } from './watch-report.ts';
import { checkReportPlace, writeReport } from './write-file.ts';

const style = { chalk: new Chalk({ level: 0 }), colour: false, width: 100 };
const trend = {
  bytesPerSecond: 1.1e6,
  interval: [0.9e6, 1.3e6] as [number, number],
  bytesPerRequest: 2100,
  secondsToLimit: 210,
  secondsToLimitInterval: [174, 264] as [number, number],
  limitBytes: 320e6,
};
const place = (line: number): NonNullable<WatchedFinding['insertedAt']> => ({
  file: '/app/src/session-store.ts',
  line,
  column: 5,
  repoPath: 'src/session-store.ts',
});
const finding: WatchedFinding = {
  fingerprint: '7f3a91c2',
  verdict: 'leak',
  title: 'sessions (Map) in src/session-store.ts:12 keeps growing: +2,000 objects, 2.1 KB each',
  subject: 'sessions (Map)',
  kind: 'collection',
  retainedBytes: 41e6,
  growthBytes: 4.2e6,
  growthCount: 2000,
  holder: {
    type: 'Map',
    name: 'sessions',
    edge: 'sessions',
    location: place(12),
    reason: 'grew by 1,000, then 1,000',
  },
  insertedAt: place(57),
  removedAt: [],
  path: [
    { type: 'module', name: 'module', edge: '', location: place(1), reason: 'there since the first snapshot' },
    { type: 'Map', name: 'sessions', edge: 'sessions', location: place(12), reason: 'grew by 1,000, then 1,000' },
    { type: 'Object', name: 'Object', edge: '[key]', location: null, reason: 'one of those that piled up' },
  ],
  allocatedAt: null,
  sample: { type: 'Object', count: 18_204 },
  reason: 'it grew in every step, in step with the work, and kept what it got',
  routes: ['POST /login'],
  entriesPerRequest: 1,
};
const leaking: ReportedProcess = {
  pid: 42,
  threadId: 0,
  command: 'node server.js',
  verdict: 'leak',
  detectedAfterMs: 41_000,
  trend: reportedTrend(trend),
  floorBytes: 84e6,
  requests: 9000,
  captures: [900, 1000, 1200].map((pauseMs) => ({ kind: 'snapshot', method: 'inline', pauseMs })),
  findings: [finding],
  otherFindings: [],
  notes: [],
};
const calm: ReportedProcess = {
  ...leaking,
  pid: 7,
  verdict: 'clean',
  detectedAfterMs: null,
  findings: [],
  captures: [],
};
const whole = (processes: ReportedProcess[]): ReturnType<typeof watchReport> =>
  watchReport({
    command: ['node', 'server.js'],
    program: { exitCode: null, signal: 'SIGINT' },
    watchedMs: 95_000,
    processes,
    notes: [],
  });

describe('the report', () => {
  test('tells the gravest process on top, and each when there are several', () => {
    const report = whole([calm, leaking]);
    expect(report).toMatchObject({ format: 'ebb.watch/1', verdict: 'leak', pid: 42, detectedAfterMs: 41_000 });
    expect(report.processes?.map(({ pid }) => pid)).toEqual([7, 42]);
    expect(whole([leaking])).not.toHaveProperty('processes');
  });

  test('puts the process that serves before a wrapper that is as calm but larger', () => {
    const npm = { ...calm, pid: 1, requests: null, floorBytes: 900e6 };
    expect(gravest([npm, calm])?.pid).toBe(7);
  });

  test('holds only what JSON can hold', () => {
    const unknown = {
      ...trend,
      interval: [-Infinity, Infinity] as [number, number],
      secondsToLimitInterval: [10, Infinity] as [number, number],
    };
    expect(reportedTrend(unknown)).toMatchObject({ interval: [null, null], secondsToLimitInterval: [10, null] });
    expect(reportedTrend(null)).toMatchObject({ bytesPerSecond: 0, interval: [0, 0], secondsToLimit: null });
  });

  test('of a program without any Node.js process is clean and empty', () => {
    expect(whole([])).toMatchObject({ verdict: 'clean', detectedAfterMs: null, captures: [], findings: [], pid: null });
  });
});

describe('the words', () => {
  const told = (width: number, findings = [finding]): string =>
    confirmedLeakText(
      {
        who: 'process 42 (node server.js)',
        afterMs: 41_000,
        trend,
        floorBytes: 84e6,
        report: { format: 'ebb.findings/1', verdict: 'leak', findings, snapshots: [] },
        findings,
        captures: leaking.captures,
      },
      { ...style, width },
    );

  test('what Node.js had warned of is told among how we know', () => {
    const warned = { event: 'tick', emitter: '[Bus]', listeners: 11, afterMs: 12_000 };
    expect(told(400, [{ ...finding, warned }])).toContain(
      '; Node.js warned of 11 tick listeners after 12 s; fingerprint',
    );
  });

  test('a confirmed leak says what, how bad, how long, where, why, and how we know, as one report', () => {
    expect(told(100)).toMatchInlineSnapshot(`
      "
      LEAK   sessions (Map) in src/session-store.ts:12 keeps growing: +2,000 objects, 2.1 KB each
             84 MB live now, +1.1 MB/s (+900 KB/s to +1.3 MB/s), 2.1 KB a request
             the limit of 320 MB is 3.5 minutes away (2.9 to 4.4 minutes)

             module  src/session-store.ts:1  there since the first snapshot
             └─ sessions: Map  :12  ← grew by 1,000, then 1,000
                └─ [key]: Object  one of those that piled up

             holds     41.0 MB in all, 18,204 × Object; it grew by 4.2 MB
             added     src/session-store.ts:57
             fed by    +1 entry per POST /login, 2.1 KB each
             removed   nowhere: nothing in that file takes out of it
             mend      bound it, expire it, or delete from it
             why       it grew in every step, in step with the work, and kept what it got
             evidence  confirmed in process 42 (node server.js) after 41 s by 3 snapshots, which paused
                       your program for 0.9 s, 1.0 s and 1.2 s; fingerprint 7f3a91c2
      "
    `);
  });

  test('a confirmed leak keeps to the width of a narrow terminal, and to its columns', () => {
    const lines = told(60).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.filter((line) => line.startsWith('       evidence  '))).toHaveLength(1);
    expect(lines.filter((line) => /^ {7}fed by {4}\S/u.test(line))).toHaveLength(1);
  });

  test('many findings are told by the first three, and the rest by their number', () => {
    const text = told(
      100,
      [1, 2, 3, 4, 5].map((count) => ({ ...finding, subject: `list ${count}`, title: `list ${count} keeps growing` })),
    );
    expect(text.match(/keeps growing/gu)).toHaveLength(3);
    expect(text).toContain('2 more things grew');
  });

  test('a summary right below the finding does not tell it again', () => {
    expect(summaryText(whole([leaking]), 'node server.js', style, { toldAbove: true })).toMatchInlineSnapshot(`
      "ebb: node server.js was ended by SIGINT after 95 s
           LEAK: sessions (Map) in src/session-store.ts:12, as told above"
    `);
  });

  test('a summary says how it ended, what it was, how bad, how long, where, and what the evidence cost', () => {
    expect(summaryText(whole([leaking]), 'node server.js', style)).toMatchInlineSnapshot(`
      "ebb: node server.js was ended by SIGINT after 95 s
           LEAK, confirmed after 41 s: +1.1 MB/s (+900 KB/s to +1.3 MB/s); the limit of 320 MB is 3.5
             minutes away (2.9 to 4.4 minutes)
           sessions (Map) in src/session-store.ts:12 keeps growing: +2,000 objects, 2.1 KB each
             added in src/session-store.ts:57
             fed by +1 entry per POST /login, 2.1 KB each
           3 snapshots, which paused your program for 0.9 s, 1.0 s and 1.2 s"
    `);
  });

  test('a summary of a calm program is two lines', () => {
    expect(summaryText(whole([calm]), 'node server.js', style)).toMatchInlineSnapshot(`
      "ebb: node server.js was ended by SIGINT after 95 s
           CLEAN: memory does not grow. The floor is 84 MB"
    `);
  });

  test('a bound that the snapshots showed is named', () => {
    const bounded = {
      ...finding,
      verdict: 'bounded' as const,
      reason: 'maxEntries beside it says that it ends at 500',
    };
    const full = { ...calm, verdict: 'bounded' as const, otherFindings: [bounded] };
    expect(summaryText(whole([full]), 'node server.js', { ...style, width: 200 })).toContain(
      'BOUNDED: sessions (Map) grew within a bound: maxEntries beside it says that it ends at 500. The floor is 84 MB',
    );
  });

  test('growth that is not proven is not called a leak, and names its suspects', () => {
    const growing = { ...leaking, verdict: 'warming' as const, findings: [], otherFindings: [finding] };
    const text = summaryText(whole([growing]), 'node server.js', style).replace(/\n\s+/gu, ' ');
    expect(text).toContain('NO LEAK CONFIRMED: it was still growing, +1.1 MB/s');
    expect(text).toContain('suspects: sessions (Map)');
  });

  test('what is not known of the future is not said', () => {
    expect(howFast({ ...trend, interval: [-Infinity, Infinity] })).toBe('+1.1 MB/s');
    expect(howLong({ ...trend, secondsToLimit: null, secondsToLimitInterval: null })).toBeNull();
    expect(howLong({ ...trend, secondsToLimitInterval: [174, Infinity] })).toBe(
      'the limit of 320 MB is 3.5 minutes away (2.9 minutes at the soonest)',
    );
    expect(howLong({ ...trend, secondsToLimit: 0 })).toBe('the limit of 320 MB is reached');
  });

  test('the route that feeds a leak is told with what one request adds', () => {
    expect(routeText(finding)).toBe('+1 entry per POST /login, 2.1 KB each');
    expect(routeText({ ...finding, routes: [], entriesPerRequest: 2 })).toBe('+2 entries per request, 2.1 KB each');
    expect(routeText({ ...finding, routes: ['GET /a', 'GET /b\u001b[2J'] })).toBe(
      '+1 entry per GET /a and GET /b\\x1b[2J (they move alike), 2.1 KB each',
    );
    const { routes: _routes, ...unexplained } = finding;
    expect(routeText(unexplained)).toBeNull();
  });
});

describe('the file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebb-report-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('is replaced whole, is its owner’s alone, and leaves nothing beside it', () => {
    const file = join(folder, 'report.json');
    writeFileSync(file, 'older and much longer than what follows');
    writeReport(file, { a: 1 });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ a: 1 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('may be a device', () => {
    writeReport('/dev/null', { a: 1 });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('is tried before the work begins, and nothing of that stays', () => {
    checkReportPlace(join(folder, 'report.json'));
    expect(readdirSync(folder)).toEqual([]);
    expect(() => checkReportPlace('/proc/report.json')).toThrow("cannot be written to '/proc/report.json'");
  });

  test('that cannot be written is an error with its name', () => {
    expect(() => writeReport(join(folder, 'no', 'x.json'), {})).toThrow(/cannot be written to '.*no\/x\.json'/u);
    expect(() => checkReportPlace(folder)).toThrow('it is a folder');
    expect(() => checkReportPlace(join(folder, 'no', 'x.json'))).toThrow('its folder does not exist');
  });
});
