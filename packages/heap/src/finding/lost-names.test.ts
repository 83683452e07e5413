// Cut-off snapshots through the whole analysis: what is lost is said, and nothing is told as if it were known.
import { afterAll, describe, expect, test } from 'vitest';
import { leakySeries } from '../fixtures/leaky-series.ts';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { renderFindings } from '../report/render-findings.ts';
import { analyze } from './analyze.ts';
import type { FindingsReport } from './finding.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const texts = leakySeries().map((spec) => buildSnapshot(spec));
const run = (contents: (string | Uint8Array)[]): FindingsReport =>
  analyze({
    files: contents.map((text) => folder.write(text)),
    cwd: '/srv/shop',
    work: [],
    onProgress: () => undefined,
  });

const upTo = (text: string, mark: string, more: number = 0): string =>
  text.slice(0, text.indexOf(mark) + mark.length + more);
const lastCut = (mark: string, more?: number): string[] => [texts[0], texts[1], upTo(texts[2], mark, more)];

test('the whole series is a leak of sessions, with a fingerprint, and nothing is lost', () => {
  const report = run(texts);
  expect(report.verdict).toBe('leak');
  expect(report.findings[0]).toMatchObject({ subject: 'sessions (Map)', sample: { type: 'Session' } });
  expect(report.findings[0].fingerprint).toMatch(/^[0-9a-f]{12}$/);
  expect(report.snapshots.every((snapshot) => !('lost' in snapshot))).toBe(true);
});

test('cut before its strings: what grew is told as a suspect without names, place or fingerprint, and why', () => {
  const report = run(lastCut('"strings":['));
  expect(report.verdict).toBe('suspect');
  const [finding] = report.findings;
  expect(finding).toMatchObject({ fingerprint: '', growthCount: 200, insertedAt: null });
  expect(finding.reason).toContain('names are lost with the end of a file');
  const said = JSON.stringify(finding);
  for (const name of ['sessions', 'SessionStore', '"Session"', 'Map']) expect(said).not.toContain(name);
  expect(said).not.toMatch(/"(?:type|name)":"(?:Object|)"/);
  expect(report.snapshots.map(({ lost }) => lost)).toEqual([
    undefined,
    undefined,
    [expect.stringMatching(/^the file is cut off; lost: all \d+ names of objects, properties, functions and files$/)],
  ]);
});

test('cut within its strings: names that are there are told, those that are lost are not', () => {
  const report = run(lastCut('"SessionStore"'));
  expect(report.verdict).toBe('suspect');
  expect(report.snapshots[2].lost).toEqual([expect.stringMatching(/lost: \d+ of \d+ names/)]);
  expect(report.findings[0].fingerprint).toBe('');
  expect(JSON.stringify(report.findings[0])).not.toContain('"sessions');
});

test('cut within its locations: those that are there are kept, and the rest is said to be lost', () => {
  const report = run(lastCut('"locations":[', 30));
  expect(report.snapshots[2].lost).toEqual([
    expect.stringMatching(/lost: all \d+ names/),
    expect.stringMatching(/lost: places in source code but the first [1-9]$/),
  ]);
});

test('cut before its locations: no line is told', () => {
  const report = run(lastCut('"trace_tree":['));
  expect(report.snapshots[2].lost?.[1]).toMatch(/lost: all places in source code: no line can be told$/);
});

test('without its last bracket a snapshot has lost nothing that matters, and is told like a whole one', () => {
  const report = run([texts[0], texts[1], texts[2].slice(0, -1)]);
  expect(report.verdict).toBe('leak');
  expect(report.snapshots[2].lost).toEqual(['the file is cut off; lost: nothing that the analysis needs']);
  expect(report.findings).toEqual(run(texts).findings);
});

test('an earlier snapshot that had lost its names proves no leak either, and is not held for another program', () => {
  const report = run([texts[0], upTo(texts[1], '"strings":['), texts[2]]);
  expect(report.verdict).toBe('suspect');
  expect(report.findings[0]).toMatchObject({ subject: 'sessions (Map)', fingerprint: '' });
});

test('a snapshot that goes on behind its end is read to its end, and that is said', () => {
  const report = run([texts[0], texts[1], `${texts[2]}\n{"more":1}`]);
  expect(report.verdict).toBe('leak');
  expect(report.snapshots[2].lost).toEqual([
    `what follows the snapshot's end, from byte ${texts[2].length + 1} on, was not read`,
  ]);
});

describe('the text', () => {
  test('begins with what is lost', () => {
    const report = run(lastCut('"locations":[', 30));
    const lines = renderFindings(report, { color: false, width: 100 }).split('\n');
    expect(lines[0]).toMatch(
      /^CUT {4}\d+\.heapsnapshot: the file is cut off; lost: all \d+ names of objects, properties,/,
    );
    expect(lines.join('\n')).toMatch(
      /\nCUT {4}\d+\.heapsnapshot: the file is cut off; lost: places in source code but/,
    );
    expect(lines.join('\n')).toContain('no fingerprint: names that it is made of are lost');
    expect(lines.join('\n')).toContain('SUSPECT');
  });
});
