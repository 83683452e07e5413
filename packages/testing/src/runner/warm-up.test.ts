import { expect, test } from 'vitest';
import type { Floor } from './protocol.ts';
import { isWarm, nextChunk, WARM_UP } from './warm-up.ts';

/** Runs a warm-up on a heap that is told by a function of the iterations; returns how many were needed. */
function warmUp(heapBytesAt: (iterations: number) => number, msPerIteration = 0.01): number {
  const floors: Floor[] = [{ iterations: 0, heapBytes: heapBytesAt(0), externalBytes: 0 }];
  for (let done = 0; ;) {
    if (isWarm(floors, done * msPerIteration)) return done;
    done += Math.min(nextChunk(floors), Math.max(1, Math.floor(WARM_UP.chunkMs / msPerIteration)));
    floors.push({ iterations: done, heapBytes: heapBytesAt(done), externalBytes: 0 });
  }
}

test('work that keeps nothing is warm after the least number of iterations', () => {
  expect(warmUp(() => 5e6)).toBe(1600);
});

test('a leak is warm as soon as it grows evenly', () => {
  expect(warmUp((iterations) => 5e6 + iterations * 500)).toBe(1600);
});

test('what fills while it warms up is waited for', () => {
  expect(warmUp((iterations) => 5e6 + Math.min(iterations, 1200) * 2000)).toBe(6400);
});

test('growth that never becomes even is not waited for without end', () => {
  expect(warmUp((iterations) => iterations ** 1.7)).toBe(WARM_UP.maxIterations);
});

test('slow work is warm after a while, however few iterations that are', () => {
  expect(warmUp(() => 5e6, 400)).toBeLessThanOrEqual(8);
});

test('work that swallows memory is looked at early', () => {
  expect(warmUp((iterations) => iterations * 200e3)).toBeLessThan(400);
});
