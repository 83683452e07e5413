import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkUnavailable } from '@ebb/capture';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ebb, node, program, type Ended } from '../fixtures/run-ebb.ts';
import type { WatchReport } from '../report/watch-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const reportOf = (name: string): WatchReport => JSON.parse(readFileSync(join(folder, name), 'utf8')) as WatchReport;

describe('a program that keeps what it should drop', () => {
  let run: Ended;
  let report: WatchReport;
  const kept = join(folder, 'kept');
  const temporary = join(folder, 'tmp');
  beforeAll(async () => {
    mkdirSync(temporary);
    const options = [
      '--report',
      join(folder, 'leak.json'),
      '--fail-on-leak',
      '--stop-on-finding',
      '--interval',
      '100',
      '--keep-snapshots',
      kept,
    ];
    run = await ebb(['watch', ...options, '--', node, program('leak.mjs'), '100', '2'], { TMPDIR: temporary });
    report = reportOf('leak.json');
  });

  test('is found to leak, by evidence, and fails the gate that was asked for', () => {
    expect(run.code).toBe(1);
    expect(report.verdict).toBe('leak');
    expect(report.detectedAfterMs).toBeGreaterThan(0);
    const snapshots = report.captures.filter(({ kind }) => kind === 'snapshot');
    const profiles = report.captures.filter(({ kind }) => kind === 'profile');
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
    expect(profiles.length).toBeGreaterThanOrEqual(2);
    const method = forkUnavailable() === null ? 'fork' : 'inline';
    expect(new Set(snapshots.map((capture) => capture.method))).toEqual(new Set([method]));
    expect(new Set(profiles.map((capture) => capture.method))).toEqual(new Set(['inspector']));
    expect(report.captures.every(({ pauseMs }) => pauseMs > 0)).toBe(true);
  });

  test('has its holding variable named', () => {
    const [first] = report.findings;
    expect([first?.holder.name, first?.holder.edge]).toContain('remembered');
    expect(first?.growthCount).toBeGreaterThan(100);
  });

  test('has the function named that makes what piles up', () => {
    const [first] = report.findings;
    expect(first?.allocatedAt?.[0]).toMatchObject({ function: 'remember', file: program('leak.mjs'), line: 6 });
    expect(run.stderr).toMatch(/made by +remember in \S*leak\.mjs:6/u);
  });

  test('is told with rate, finding, and the pauses that the evidence cost', () => {
    expect(run.stderr).toMatch(/^LEAK {3}remembered \(Map\)/mu);
    expect(run.stderr).toMatch(/live now, \+[\d.]+ [KM]B/u);
    const evidence = run.stderr.replace(/\n\s+/gu, ' ');
    expect(evidence).toMatch(
      /evidence +confirmed in process \d+ .*snapshots, (?:pauses of|which paused your program for) [\d.]+/u,
    );
    expect(evidence).toMatch(/and \d+ allocation profiles, pauses of [\d.]+/u);
    expect(evidence).toMatch(/LEAK: remembered \(Map\) in \S+, as told above/u);
    expect(report.trend.bytesPerSecond).toBeGreaterThan(0);
    expect(report.trend.limitBytes).toBeGreaterThan(0);
  });

  test('is ended after the finding, as was asked', () => {
    expect(run.stderr).toContain('--stop-on-finding');
    expect(report.program.signal).toBe('SIGTERM');
  });

  test('leaves the snapshots that were to be kept, readable by their owner alone, and nothing else', () => {
    const files = readdirSync(kept);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) expect(statSync(join(kept, file)).mode & 0o077).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test('a program that only replaces what it holds is not called leaking, and keeps its exit code', async () => {
  const options = ['--report', join(folder, 'healthy.json'), '--fail-on-leak', '--interval', '100'];
  const run = await ebb(['watch', ...options, '--', node, program('leak.mjs'), '8', '2', 'bounded']);
  expect(run.code).toBe(0);
  expect(reportOf('healthy.json').verdict).not.toBe('leak');
  expect(reportOf('healthy.json').findings).toEqual([]);
});
