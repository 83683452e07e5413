import { describe, expect, test } from 'vitest';
import type { Finding, FindingsReport, Location } from '../finding/finding.ts';
import { renderFindings } from './render-findings.ts';

const at = (path: string, line: number): Location => {
  return { file: `/srv/shop/${path}`, line, column: 3, repoPath: path };
};

const leak: Finding = {
  fingerprint: '7f3a91c20b4d',
  verdict: 'leak',
  title: 'sessions (Map) in src/store.ts:12 keeps growing: +12,000 Sessions, 2.3 KB each',
  kind: 'collection',
  subject: 'sessions (Map)',
  retainedBytes: 41_000_000,
  growthBytes: 27_600_000,
  growthCount: 12_000,
  steps: [
    { bytes: 13_800_000, count: 6000 },
    { bytes: 13_800_000, count: 6000 },
  ],
  holder: {
    type: 'Map',
    name: 'sessions',
    edge: 'sessions',
    location: at('src/store.ts', 12),
    reason: 'grew by 6,000, then 6,000',
  },
  insertedAt: at('src/store.ts', 57),
  removedAt: [],
  path: [
    {
      type: 'module',
      name: 'module',
      edge: '[]',
      location: at('src/app.ts', 1),
      reason: 'there since the first snapshot',
    },
    {
      type: 'SessionStore',
      name: 'store',
      edge: 'store',
      location: at('src/store.ts', 10),
      reason: 'there since the first snapshot',
    },
    {
      type: 'Map',
      name: 'sessions',
      edge: 'sessions',
      location: at('src/store.ts', 12),
      reason: 'grew by 6,000, then 6,000',
    },
    {
      type: 'Session',
      name: 'Session',
      edge: '[key]',
      location: at('src/session.ts', 3),
      reason: 'one of those that piled up',
    },
  ],
  allocatedAt: null,
  sample: { type: 'Session', count: 18_204 },
  reason: 'it grew in every step, in step with the work, and kept what it got',
};

const snapshots = [14_000_000, 27_500_000, 41_300_000].map((heapBytes, k) => {
  return { file: `/tmp/evidence/${String(k + 1)}.heapsnapshot`, fileBytes: 1, objects: 1, heapBytes };
});

const leaking: FindingsReport = { format: 'ebb.findings/1', verdict: 'leak', findings: [leak], snapshots };

const { growthBytes: _bytes, growthCount: _count, steps: _steps, ...still } = leak;
const suspected: FindingsReport = {
  format: 'ebb.findings/1',
  verdict: 'suspect',
  snapshots: snapshots.slice(0, 1),
  findings: [
    {
      ...still,
      verdict: 'suspect',
      title: 'sessions (Map) in src/store.ts:12 holds 9.1 MB in 6,204 Sessions',
      retainedBytes: 9_100_000,
      holder: { ...leak.holder, reason: 'holds 65 % of the heap' },
      path: leak.path.slice(1).map((place, k) => {
        return { ...place, reason: ['holds 9.1 MB', 'holds 65 % of the heap', 'one of what it holds'][k] };
      }),
      removedAt: [at('src/store.ts', 70), at('src/store.ts', 81)],
      sample: { type: 'Session', count: 6204 },
      reason: "it holds 65 % of the heap in many pieces; one snapshot can't show whether it grows",
    },
  ],
};

const clean: FindingsReport = { format: 'ebb.findings/1', verdict: 'clean', findings: [], snapshots };

const source: Record<number, string> = {
  57: '    this.sessions.set(id, session);',
  70: '    this.sessions.delete(id);',
  81: '    this.sessions.clear();',
};
const plain = (report: FindingsReport, width: number): string => {
  return renderFindings(report, { color: false, width, sourceLine: ({ line }) => source[line] });
};
const colored = (report: FindingsReport, width: number): string => {
  return renderFindings(report, { color: true, width, sourceLine: ({ line }) => source[line] });
};

describe('a whole report, as it is read', () => {
  test('a leak, on a wide terminal', () => {
    expect(plain(leaking, 120)).toMatchInlineSnapshot(`
      "LEAK   sessions (Map) in src/store.ts:12 keeps growing: +12,000 Sessions, 2.3 KB each

             module  src/app.ts:1  there since the first snapshot
             └─ store: SessionStore  src/store.ts:10  there since the first snapshot
                └─ sessions: Map  :12  ← grew by 6,000, then 6,000
                   └─ [key]: Session  src/session.ts:3  one of those that piled up

             holds     41.0 MB in all, 18,204 × Session; it grew by 27.6 MB
             added     src/store.ts:57  this.sessions.set(id, session);
             removed   nowhere: nothing in that file takes out of it
             mend      bound it, expire it, or delete from it
             why       it grew in every step, in step with the work, and kept what it got
             evidence  fingerprint 7f3a91c20b4d

      from      1.heapsnapshot 14.0 MB, 2.heapsnapshot 27.5 MB, 3.heapsnapshot 41.3 MB"
    `);
  });

  test('the same leak, on a narrow terminal', () => {
    expect(plain(leaking, 60)).toMatchInlineSnapshot(`
      "LEAK   sessions (Map) in src/store.ts:12 keeps growing:
             +12,000 Sessions, 2.3 KB each

             module  src/app.ts:1  there since the first snapshot
             └─ store: SessionStore  src/store.ts:10  there since…
                └─ sessions: Map  :12  ← grew by 6,000, then 6,000
                   └─ [key]: Session  src/session.ts:3

             holds     41.0 MB in all, 18,204 × Session; it grew
                       by 27.6 MB
             added     src/store.ts:57  this.sessions.set(id,
                       session);
             removed   nowhere: nothing in that file takes out of
                       it
             mend      bound it, expire it, or delete from it
             why       it grew in every step, in step with the
                       work, and kept what it got
             evidence  fingerprint 7f3a91c20b4d

      from      1.heapsnapshot 14.0 MB, 2.heapsnapshot 27.5 MB, 3…"
    `);
  });

  test('a suspect of one snapshot: no growth is claimed, and the lines that take out of it are shown', () => {
    expect(plain(suspected, 120)).toMatchInlineSnapshot(`
      "SUSPECT sessions (Map) in src/store.ts:12 holds 9.1 MB in 6,204 Sessions

             store: SessionStore  src/store.ts:10  holds 9.1 MB
             └─ sessions: Map  :12  ← holds 65 % of the heap
                └─ [key]: Session  src/session.ts:3  one of what it holds

             holds     9.1 MB in all, 6,204 × Session
             added     src/store.ts:57  this.sessions.set(id, session);
             removed   src/store.ts:70  this.sessions.delete(id);
                       src/store.ts:81  this.sessions.clear();
             mend      bound it, expire it, or delete from it
             why       it holds 65 % of the heap in many pieces; one snapshot can't show whether it grows
             evidence  fingerprint 7f3a91c20b4d

      from      1.heapsnapshot 14.0 MB"
    `);
    expect(plain(suspected, 60)).not.toMatch(/grew|keeps growing/);
  });

  test('a clean series', () => {
    expect(plain(clean, 120)).toMatchInlineSnapshot(`
      "CLEAN  Nothing grew from each snapshot to the next and stayed.

      from      1.heapsnapshot 14.0 MB, 2.heapsnapshot 27.5 MB, 3.heapsnapshot 41.3 MB"
    `);
  });

  test('one snapshot in which nothing dominates: what to do next', () => {
    expect(plain({ ...clean, snapshots: snapshots.slice(0, 1) }, 160)).toMatchInlineSnapshot(`
      "CLEAN  Nothing dominates this heap in many pieces. Two or more snapshots of one process, taken with work between them, show what grows.

      from      1.heapsnapshot 14.0 MB"
    `);
  });

  test('colours are put around the words and change none', () => {
    for (const report of [leaking, suspected, clean]) {
      for (const width of [60, 120]) {
        const text = colored(report, width);
        expect(text.replace(/\u001b\[\d+m/g, '')).toBe(plain(report, width));
        expect(text).not.toBe(plain(report, width));
      }
    }
    expect(plain(leaking, 120)).not.toContain('\u001b');
  });

  test('the verdict is the first word, red for a leak, yellow for a suspect, green for nothing', () => {
    expect(colored(leaking, 120)).toMatch(/^\u001b\[1m\u001b\[31mLEAK/);
    expect(colored(suspected, 120)).toMatch(/^\u001b\[33mSUSPECT/);
    expect(colored(clean, 120)).toMatch(/^\u001b\[32mCLEAN/);
  });

  test.each([60, 80, 120])('no line of a finding is longer than the %i columns of the terminal', (width) => {
    for (const report of [leaking, suspected]) {
      const lengths = plain(report, width)
        .split('\n')
        .map((line) => line.length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(width);
    }
  });

  test('the library that holds the memory is named, and the own code that leads there', () => {
    const finding = { ...leak, package: 'lru-cache@7.1.0', reachedFrom: at('src/app.ts', 4) };
    expect(plain({ ...leaking, findings: [finding] }, 120)).toContain(
      'library   held in lru-cache@7.1.0, reached from src/app.ts:4',
    );
  });
});

test("a hostile name of the program's cannot drive the terminal: escapes, bells and bidirectional controls are taken out", () => {
  const hostile = '\u001b[31mred\u001b]0;title\u0007\r\b\u0000\u009b2J\u202eevil\u2066\u2069';
  const place = { type: hostile, name: hostile, edge: hostile, location: at(hostile, 1), reason: 'there' };
  const finding: Finding = {
    ...leak,
    title: `${hostile} keeps growing`,
    subject: hostile,
    path: [place, { ...place, reason: leak.holder.reason, type: 'Map' }, place],
    sample: { type: hostile, count: 1 },
    insertedAt: at(hostile, 2),
    removedAt: [at(hostile, 3)],
    package: hostile,
    reachedFrom: at(hostile, 4),
    reason: hostile,
  };
  const report: FindingsReport = {
    ...leaking,
    findings: [finding],
    snapshots: [{ ...snapshots[0], file: `/tmp/${hostile}` }],
  };
  for (const width of [60, 300]) {
    const text = renderFindings(report, { color: false, width, sourceLine: () => hostile });

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(text).toContain('�[31mred');
  }
});
