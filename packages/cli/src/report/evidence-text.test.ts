import { expect, test } from 'vitest';
import { capturedText, evidence } from './evidence-text.ts';
import type { ReportedCapture } from './watch-report.ts';

const fork = (pauseMs: number): ReportedCapture => ({ kind: 'snapshot', method: 'fork', pauseMs });
const inline = (pauseMs: number): ReportedCapture => ({ kind: 'snapshot', method: 'inline', pauseMs });
const profile = (pauseMs: number): ReportedCapture => ({ kind: 'profile', method: 'inspector', pauseMs });

test('evidence is told with how it was taken and what each of it cost', () => {
  expect(evidence([])).toBe('no snapshots');
  expect(evidence([fork(9.04), fork(11.4)])).toBe('2 forked snapshots, pauses of 9 and 11 ms');
  expect(evidence([fork(0.94)])).toBe('1 forked snapshot, a pause of 0.94 ms');
  expect(evidence([inline(900), inline(1234)])).toBe('2 snapshots, which paused your program for 0.9 s and 1.2 s');
  expect(evidence([fork(9), profile(31), fork(1500), profile(40.2)])).toBe(
    '2 forked snapshots, pauses of 9 ms and 1.5 s, and 2 allocation profiles, pauses of 31 and 40 ms',
  );
});

test('of many pauses the shortest and the longest are told', () => {
  expect(evidence([8, 41, 9, 10, 11, 12].map(fork))).toBe('6 forked snapshots, pauses of 8 to 41 ms');
});

test('each capture is told when it is there, and how often it was tried', () => {
  expect(capturedText(fork(8.7))).toBe('the snapshot was forked: your program paused for 8.7 ms');
  expect(capturedText({ ...fork(20), attempts: 2 })).toBe(
    'the snapshot was forked in 2 attempts: your program paused for 20 ms',
  );
  expect(capturedText(inline(1234))).toBe('the snapshot was written in the program: your program paused for 1.2 s');
  expect(capturedText(profile(40))).toBe('an allocation profile was taken: your program paused for 40 ms');
});
