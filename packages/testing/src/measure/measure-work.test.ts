import { expect, test } from 'vitest';
import { measureWork } from './measure-work.ts';
import type { Work } from '../trial/work-rig.ts';

/** Work that does nothing, in a heap that is told: the floor after so many calls. */
function workIn(heapBytesAfter: (calls: number) => number): { work: Work; floors: number[] } {
  let calls = 0;
  const floors: number[] = [];
  const work: Work = {
    run: () => (calls += 1),
    readFloor: async () => {
      floors.push(calls);
      return { heapBytes: heapBytesAfter(calls), externalBytes: 0 };
    },
    snapshot: () => {
      throw new RangeError('a snapshot was asked for');
    },
  };
  return { work, floors };
}
const measured = { name: 'work', budgetBytes: 0, cwd: '/', folder: '/nowhere' };
/** What a look is planned to have: the floor at its start, and that of each of its eleven rounds. */
const WHOLE_LOOK = 12;
test('a look that is sure ends early: a heap that stays as it is is clean before the rounds are over', async () => {
  const { work, floors } = workIn(() => 10e6);
  const told = await measureWork({ ...measured, work });
  expect(told).toMatchObject({ verdict: 'clean', evidence: 'floors', findings: [] });
  // Those of the warm-up among them.
  expect(floors.length).toBeLessThan(WHOLE_LOOK);
});

test('one that is not sure goes on to its end, and again', async () => {
  const { work, floors } = workIn(() => (floors.length % 2 === 0 ? 20e6 : 23e6));
  const told = await measureWork({ ...measured, work }).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(RangeError); // snapshots are to decide
  expect(floors.length).toBeGreaterThan(2 * WHOLE_LOOK);
});

test('growth that is sure asks for snapshots early, and growth within the budget for none', async () => {
  const { work } = workIn((calls) => 10e6 + 100 * calls);
  await expect(measureWork({ ...measured, work })).rejects.toThrow('a snapshot was asked for');
  const accepted = workIn((calls) => 10e6 + 100 * calls);
  const told = await measureWork({ ...measured, budgetBytes: 120, work: accepted.work });
  expect(told).toMatchObject({ verdict: 'clean', evidence: 'floors', budgetBytes: 120, overBudget: false });
  expect(told.bytesPerCall).toBeCloseTo(100, 1);
});
