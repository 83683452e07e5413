import { Chalk } from 'chalk';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { FloorHistory } from './history.ts';
import { drawPanel, panelRows, type PanelSeries, type PanelState } from './panel.ts';

const plain = new Chalk({ level: 0 });
const colourful = new Chalk({ level: 3 });

function series(changes: Partial<PanelSeries> = {}): PanelSeries {
  return {
    pid: 4242,
    threadId: 0,
    verdict: 'warming',
    growing: true,
    judgement: {
      verdict: 'leak',
      suspicious: true,
      trend: {
        bytesPerSecond: 1e6,
        interval: [9e5, 1.2e6],
        bytesPerRequest: 2100,
        secondsToLimit: 180,
        secondsToLimitInterval: [150, 210],
        limitBytes: 200e6,
      },
      evidence: ['the floor rose'],
    },
    points: Array.from({ length: 21 }, (_, k) => ({ timeMs: k * 1000, bytes: 20e6 + k * 2e6 })),
    floorBytes: 60e6,
    rssBytes: 143e6,
    heapUsedBytes: 70e6,
    requestsPerSecond: 210,
    gcShare: 0.031,
    eventLoopP99Ms: 12,
    heapLimitBytes: 200e6,
    phase: { name: 'capturing', ordinal: 2, of: 3 },
    snapshots: 1,
    sampleTimeMs: 20_000,
    ...changes,
  };
}

const state = (changes: Partial<PanelSeries> = {}): PanelState => ({
  command: 'node server.js',
  elapsedMs: 83_000,
  series: series(changes),
  otherSeries: 2,
  frame: 0,
  endings: 0,
});

test('the panel shows verdict, floor, slope, time to the limit, a chart up to the limit, and what Ebb does', () => {
  expect(drawPanel(state(), { rows: 9, columns: 80 }, plain).join('\n')).toMatchInlineSnapshot(`
    "── ebb 1:23 ── node server.js pid 4242 ─────────────────────────────────────────
     GROWING   floor 60 MB  +1.0 MB/s  limit in 3.0 minutes (2.5 to 3.5 minutes)
     200 MB ┤⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ 
            │                                                                      
            │                                                                      
            │                      ⢀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣠⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⠄⠒⠐⠂⠒⠐⠂⠒⠐⠂⠒⠐⠂⠒⠐⠂⠒⠐⠂⠒⠐
        0 B ┤⣶⣶⣶⣶⣶⣶⣶⣶⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿                     
     requests 210/s   RSS 143 MB   limit 200 MB   GC 3.1 %   event loop p99 12 ms  
     ⠋ taking snapshot 2 of 3"
  `);
});

test('a program that is calm shows what the judge saw, and a chart of its own range', () => {
  const calm = series({
    growing: false,
    verdict: 'clean',
    judgement: {
      ...series().judgement!,
      verdict: 'clean',
      suspicious: false,
      evidence: ['the floor stayed between 20 and 21 MB'],
    },
    points: Array.from({ length: 21 }, (_, k) => ({ timeMs: k * 1000, bytes: 20e6 + (k % 3) * 5e5 })),
    floorBytes: 20e6,
    heapLimitBytes: 4e9,
    phase: { name: 'watching' },
  });
  const lines = drawPanel(
    {
      ...state(),
      series: { ...calm, judgement: { ...calm.judgement!, trend: { ...calm.judgement!.trend, limitBytes: 4e9 } } },
      otherSeries: 0,
    },
    { rows: 9, columns: 80 },
    plain,
  );
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "── ebb 1:23 ── node server.js pid 4242 ─────────────────────────────────────────
     CLEAN   floor 20 MB  the floor stayed between 20 and 21 MB
      24 MB ┤                                                                      
            │   ⢀⣀⣀⣠⣄⣀    ⢀⣀⣀⣀⣤⣀⡀    ⣀⣀⣀⣠⣄⣀    ⢀⣀⣀⣀⣄⣀⡀    ⣀⣀⣀⣠⣀⣀    ⢀⣀⣀⣀⣄⣀⡀    ⣀⣀⣀⣠
            │⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
            │⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      15 MB ┤⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
     requests 210/s   RSS 143 MB   limit 4.0 GB   GC 3.1 %   event loop p99 12 ms  
     ⠋ watching"
  `);
});

test('of a program that has just started nothing is made of its first figures', () => {
  const { judgement } = series();
  const early = judgement && { ...judgement, verdict: 'warming' as const, suspicious: false };
  const lines = drawPanel(state({ growing: false, judgement: early }), { rows: 9, columns: 60 }, plain);
  expect(lines[1]).toContain('WARMING UP   floor 60 MB  too early to tell');
});

test('no line is wider than the terminal, in any state and size, with colours too', () => {
  for (const columns of [44, 60, 80, 133, 250]) {
    for (const rows of [6, 9, 11]) {
      for (const chalk of [plain, colourful]) {
        for (const told of [
          state(),
          { ...state(), series: null },
          state({ requestsPerSecond: null, floorBytes: null, judgement: null, points: [] }),
          { ...state(), command: '数据服务 '.repeat(30) },
        ]) {
          const lines = drawPanel(told, { rows, columns }, chalk);
          expect(lines).toHaveLength(rows);
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        }
      }
    }
  }
});

test('names from outside cannot steer the terminal', () => {
  const lines = drawPanel({ ...state(), command: 'node \u001b[2J.js' }, { rows: 9, columns: 80 }, plain);
  expect(lines.join('')).not.toContain('\u001b');
});

test('a terminal that is too small gets no panel', () => {
  expect([panelRows(10, 120), panelRows(40, 30), panelRows(16, 80), panelRows(24, 80), panelRows(50, 80)]).toEqual([
    0, 0, 6, 9, 11,
  ]);
});

test('the history of floors stays bounded and keeps its beginning', () => {
  const history = new FloorHistory(64);
  for (let k = 0; k < 10_000; k++) history.add({ timeMs: k, bytes: k });
  expect(history.points.length).toBeLessThanOrEqual(64);
  expect(history.points[0]?.timeMs).toBe(0);
  expect(history.points.at(-1)?.timeMs).toBeGreaterThan(9000);
});

test('until the judge knows a limit, the heap has one', () => {
  const { judgement } = series();
  const trend = { ...judgement!.trend, limitBytes: 0 };
  const lines = drawPanel(state({ judgement: { ...judgement!, trend } }), { rows: 9, columns: 80 }, plain);
  expect(lines.join('\n')).toContain('limit 200 MB');
});
