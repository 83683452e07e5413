import type { FindingsReport } from '@ebb/heap';
import { expect, test } from 'vitest';
import type { Floor } from '../runner/protocol.ts';
import { withoutGivenBack } from './given-back.ts';

const floors = (...bytes: number[]): Floor[] =>
  bytes.map((heapBytes, at) => ({ iterations: 100 * at, heapBytes, externalBytes: 1e6 }));
const rising = [floors(1e6, 2e6, 3e6), floors(3e6, 4e6, 5e6)];
const emptied = [floors(1e6, 2e6, 3e6, 0.5e6), floors(3e6, 0.8e6, 2e6, 1e6)];
/** A leak of a megabyte a hundred calls, and a cache that was emptied once. */
const ramp = Array.from({ length: 8 }, (_, at) => at * 1e6);
const besides = [floors(...ramp), floors(...ramp.map((bytes, at) => (at < 4 ? 11e6 : 8e6) + bytes)), floors(...ramp)];

const found = (growthCount: number, verdict = 'leak'): FindingsReport['findings'][number] =>
  ({ verdict, growthCount, growthBytes: 4e6 }) as FindingsReport['findings'][number];
const report = (...findings: FindingsReport['findings']): FindingsReport => ({
  format: 'ebb.findings/1',
  verdict: 'leak',
  findings,
  snapshots: [],
});
const clean = { verdict: 'clean', findings: [] };

test('values that the floors show to be given back meanwhile are no finding', () => {
  for (const byPlace of [false, true])
    expect(withoutGivenBack(report(found(0)), emptied, { byPlace })).toMatchObject(clean);
});

test('values stay one where the floors only rise, and objects with numbers that last always: they were seen to stay', () => {
  const byPlace = false;
  expect(withoutGivenBack(report(found(0)), rising, { byPlace })).toEqual(report(found(0)));
  expect(withoutGivenBack(report(found(70)), emptied, { byPlace })).toEqual(report(found(70)));
  expect(withoutGivenBack(report(found(70), found(0)), emptied, { byPlace })).toEqual(report(found(70)));
});

test('objects that are told by their place are none, either, where floors fall and do not surely rise', () => {
  const byPlace = true;
  expect(withoutGivenBack(report(found(70)), emptied, { byPlace })).toMatchObject(clean);
  expect(withoutGivenBack(report(found(70)), rising, { byPlace })).toEqual(report(found(70)));
  expect(withoutGivenBack(report(found(70)), besides, { byPlace })).toEqual(report(found(70)));
});

test('what is within its bound stays so', () => {
  const bounded = { ...report(found(70, 'bounded'), found(70)), verdict: 'leak' as const };
  expect(withoutGivenBack(bounded, emptied, { byPlace: true })).toMatchObject({
    verdict: 'bounded',
    findings: [{ verdict: 'bounded' }],
  });
});
