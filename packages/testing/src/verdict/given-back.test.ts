import type { FindingsReport } from '@ebb/heap';
import { expect, test } from 'vitest';
import type { Floor } from '../runner/protocol.ts';
import { withoutGivenBack } from './given-back.ts';

const floors = (...bytes: number[]): Floor[] =>
  bytes.map((heapBytes, at) => ({ iterations: 100 * at, heapBytes, externalBytes: 1e6 }));
const rising = [floors(1e6, 2e6, 3e6), floors(3e6, 4e6, 5e6)];
const emptied = [floors(1e6, 2e6, 3e6), floors(3e6, 0.8e6, 2e6)];

const found = (growthCount: number): FindingsReport['findings'][number] =>
  ({ verdict: 'leak', growthCount, growthBytes: 4e6 }) as FindingsReport['findings'][number];
const report = (...findings: FindingsReport['findings']): FindingsReport => ({
  format: 'ebb.findings/1',
  verdict: 'leak',
  findings,
  snapshots: [],
});

test('values that the floors show to be given back meanwhile are no finding', () => {
  expect(withoutGivenBack(report(found(0)), emptied)).toMatchObject({ verdict: 'clean', findings: [] });
});

test('values stay one where the floors only rise, and objects always: they were seen to stay', () => {
  expect(withoutGivenBack(report(found(0)), rising)).toEqual(report(found(0)));
  expect(withoutGivenBack(report(found(70)), emptied)).toEqual(report(found(70)));
  expect(withoutGivenBack(report(found(70), found(0)), emptied)).toEqual(report(found(70)));
});
