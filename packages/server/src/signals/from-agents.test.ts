import { expect, test } from 'vitest';
import { newProcess } from '../store/latest.ts';
import type { ProcessRow } from '../store/schema.ts';
import { report } from '../fixtures/reports.ts';
import { endsNearLimit, highFigures, worstGcShare } from './from-agents.ts';

const minute = 60_000;
const nowMs = Date.UTC(2026, 10, 21);
const process = (id: number, told: Partial<ProcessRow>): ProcessRow => ({
  ...newProcess(1, report(nowMs, { identity: { instance: `i${id}` } })),
  id,
  ...told,
});
const full = { floor_bytes: 95e6, heap_limit_bytes: 100e6 };
const none = new Set<string>();

test('collections and the event loop are told when they are high, and until they are half of it', () => {
  const at = (gc: number, delay: number): ProcessRow[] => [
    process(1, { gc_share: gc, loop_delay_p99_seconds: delay }),
    process(2, { gc_share: 0.01 }),
  ];
  const keys = (gc: number, delay: number, lasting = none): string[] =>
    highFigures(at(gc, delay), lasting, nowMs).map(({ key }) => key);
  expect(keys(0.2, 0.2)).toEqual([]);
  expect(keys(0.3, 0.3)).toEqual(['gc', 'loop']);
  expect(keys(0.2, 0.2, new Set(['gc', 'loop']))).toEqual(['gc', 'loop']);
  expect(keys(0.1, 0.1, new Set(['gc', 'loop']))).toEqual([]);
  expect(highFigures(at(0.71, 0), none, nowMs)).toMatchObject([
    { kind: 'gc', text: 'up to 71 % of the time, in 1 of 2 processes', level: null },
  ]);
});

test('who is silent says nothing of now', () => {
  const silent = process(1, { gc_share: 0.9, last_seen_ms: nowMs - 4 * minute });
  expect(worstGcShare([silent], nowMs)).toBeNull();
  expect(highFigures([silent], none, nowMs)).toEqual([]);
});

test('a process that ended near its limit and was replaced is told; a deploy, and a service that shrinks, are not', () => {
  const ended = { last_seen_ms: nowMs - 5 * minute };
  const next = process(2, { first_seen_ms: nowMs - 4 * minute });
  expect(endsNearLimit([process(1, { ...full, ...ended }), next], nowMs)).toMatchObject([
    {
      key: 'ended 1',
      kind: 'restarts',
      level: 'warning',
      text: 'i1 ended at 95 % of its limit, and runs anew',
      startedMs: nowMs - 5 * minute,
    },
  ]);
  expect(endsNearLimit([process(1, { ...full, floor_bytes: 5e7, ...ended }), next], nowMs)).toEqual([]);
  expect(endsNearLimit([process(1, { ...full, ...ended })], nowMs)).toEqual([]);
  expect(endsNearLimit([process(1, full), next], nowMs)).toEqual([]);
  const elsewhere = { ...next, service_id: 2 };
  expect(endsNearLimit([process(1, { ...full, ...ended }), elsewhere], nowMs)).toEqual([]);
});

test('an instance that was started anew near its limit is told, for a quarter of an hour', () => {
  const restarted = process(1, { restarted_ms: nowMs - minute, ended_share: 0.97 });
  expect(endsNearLimit([restarted], nowMs)).toMatchObject([{ text: 'i1 ended at 97 % of its limit, and runs anew' }]);
  expect(endsNearLimit([{ ...restarted, ended_share: 0.5 }], nowMs)).toEqual([]);
  expect(endsNearLimit([restarted], nowMs + 15 * minute)).toEqual([]);
});
