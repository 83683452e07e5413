import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PairQueue } from './pair-queue.ts';

test('pairs come out in the order in which they went in, however many wait', () => {
  // Numbers of pairs that go in, and come out; more than a chunk holds.
  const steps = fc.array(fc.tuple(fc.nat(40_000), fc.nat(40_000)), { maxLength: 6 });
  fc.assert(
    fc.property(steps, (rounds) => {
      const queue = new PairQueue();
      let [pushed, shifted] = [0, 0];
      for (const [more, fewer] of rounds) {
        for (let k = 0; k < more; k++, pushed++) queue.push(pushed, 2 ** 32 - 1 - pushed);
        for (let k = 0; k < fewer; k++) {
          if (!queue.shift()) {
            expect(shifted).toBe(pushed);
            break;
          }
          if (queue.first !== shifted || queue.second !== 2 ** 32 - 1 - shifted)
            expect.fail(`pair ${shifted} is wrong`);
          shifted++;
        }
      }
      while (queue.shift()) shifted++;
      expect(shifted).toBe(pushed);
    }),
    { numRuns: 30, seed: 3 },
  );
});
