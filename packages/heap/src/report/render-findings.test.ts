import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding, FindingsReport, Location } from '../finding/finding.ts';
import { type BesideRow, renderFindings } from './render-findings.ts';

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

      from      1.heapsnapshot 14.0 MB, 2.heapsnapshot 27.5 MB,
                3.heapsnapshot 41.3 MB"
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

  test('a snapshot from standard input is told by those words', () => {
    expect(plain({ ...clean, snapshots: [{ ...snapshots[0], file: '-' }] }, 160)).toContain(
      'from      standard input 14.0 MB',
    );
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

describe('a path that is too long for the terminal', () => {
  const deep = (file: string): FindingsReport => {
    const places = [0, 1, 2, 3, 4, 5].map((k) => ({ ...leak.path[1], name: `part${k}`, edge: `part${k}` }));
    const holder = { ...leak.path[2], location: at(file, 12) };
    return { ...leaking, findings: [{ ...leak, holder, path: [...places, holder, leak.path[3]] }] };
  };

  test('keeps what grows, and how much: the file loses its folder', () => {
    const text = plain(deep('src/shop/stores/sessions.ts'), 90);
    expect(text.split('\n').find((line) => line.includes('sessions: Map'))).toBe(
      '                      └─ sessions: Map  …/sessions.ts:12  ← grew by 6,000, then 6,000',
    );
  });

  test('tells it on a line of its own where that is not enough', () => {
    const lines = plain(deep('src/shop/sessions-of-all-customers.ts'), 60).split('\n');
    const holder = lines.findIndex((line) => line.includes('sessions: Map'));
    expect(lines.slice(holder, holder + 2)).toEqual([
      '                      └─ sessions: Map  …/sessions-of-all-c…',
      '                         ← grew by 6,000, then 6,000',
    ]);
  });
});

describe('what the caller knows beside the report', () => {
  const told = (rows: BesideRow[], width = 120): string[] =>
    renderFindings(leaking, {
      color: false,
      width,
      snapshots: false,
      beside: () => ({
        lines: [{ text: '41 MB live now, +1.1 MB/s' }, { text: 'full in 4 minutes', strong: true }],
        rows,
      }),
    }).split('\n');

  test('stands below the title, and among the rows: before the first of its labels that there is, or last', () => {
    const lines = told([
      { label: 'fed by', text: 'POST /login', before: ['nothing', 'removed'] },
      { label: 'owner', text: '@acme/identity' },
    ]);
    expect(lines.slice(1, 3)).toEqual(['       41 MB live now, +1.1 MB/s', '       full in 4 minutes']);
    const labels = lines.slice(lines.indexOf('', 4)).map((line) => line.slice(7, 17).trim());
    expect(labels.filter((label) => label !== '')).toEqual([
      'holds',
      'added',
      'fed by',
      'removed',
      'mend',
      'why',
      'evidence',
      'owner',
    ]);
  });

  test("takes the place of the finding's own row of the same label, broken to the width", () => {
    const lines = told([{ label: 'evidence', text: 'three snapshots of one program; fingerprint 7f3a91c20b4d' }], 60);
    expect(lines.slice(-2)).toEqual([
      '       evidence  three snapshots of one program; fingerprint',
      '                 7f3a91c20b4d',
    ]);
    expect(lines.filter((line) => line.includes('evidence'))).toHaveLength(1);
  });

  test('cannot drive the terminal either', () => {
    expect(told([{ label: 'fed\u001b[2Jby', text: 'GET /\u001b]0;x\u0007' }]).join('')).not.toMatch(/\p{Cc}/u);
  });

  test('is all there is below a finding when the snapshots are not to be named', () => {
    expect(told([]).filter((line) => line.startsWith('from'))).toEqual([]);
  });
});

test("a hostile name of the program's cannot drive the terminal: escapes, bells and bidirectional controls are taken out", () => {
  const hostile =
    '\u001b[31mred\u001b]0;title\u0007\u001b]8;;http://x\u001b\\\r\b\u0000\n\u009b2J\u0085\u202eevil\u2066\u2069\ud800\u200b\ufeff';
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

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/);
    expect(text).not.toMatch(/\p{Cs}/u);
    expect(text).toContain('�[31mred');
    const painted = renderFindings(report, { color: true, width, sourceLine: () => hostile });
    expect(painted.replace(/\u001b\[(?:1|2|22|31|33|39)m/g, '')).toBe(text);
    expect(text.split('\n').length).toBeLessThan(60); // A name of several lines forges none.
  }
});

test('lines of scripts are shown, and of no other file that a snapshot may name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-render-test-'));
  try {
    for (const name of ['app.ts', 'id_rsa']) writeFileSync(join(folder, name), 'first\nthe second line\n');
    const told = (name: string): string => {
      const insertedAt = { file: join(folder, name), line: 2, column: 1 };
      return renderFindings({ ...leaking, findings: [{ ...leak, insertedAt }] }, { color: false, width: 120 });
    };
    expect(told('app.ts')).toContain('added     app.ts:2  the second line');
    expect(told('id_rsa')).toMatch(/added {5}id_rsa:2$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a name of a megabyte is cut, and so is the report', () => {
  const name = 'Session'.repeat(150_000);
  const place = { ...leak.holder, name, type: name, edge: name };
  const report = {
    ...leaking,
    findings: [
      { ...leak, title: name, reason: name, path: [place, leak.holder, place], sample: { type: name, count: 1 } },
    ],
  };
  expect(plain(report, 80).length).toBeLessThan(5000);
});
