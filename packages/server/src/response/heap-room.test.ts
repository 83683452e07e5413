import { expect, test } from 'vitest';
import { heapRoom } from './heap-room.ts';

const MB = 2 ** 20;
const process = (rss: number, heap: number, limit: number, container: number | null) => ({
  rss_bytes: rss * MB,
  heap_used_bytes: heap * MB,
  heap_limit_bytes: limit * MB,
  container_limit_bytes: container === null ? null : container * MB,
});

test('the heap gets nine tenths of the container, less what is not heap in the process that needs the most of that', () => {
  expect(heapRoom([process(300, 200, 256, 1000), process(400, 250, 256, 1000)])).toEqual({ limitMb: 750 });
});

test.each([
  [[process(300, 200, 750, 1000)], /750 MB already, and the container has room for 800/],
  [[process(300, 200, 256, null)], /limit is not known/],
  [[{ ...process(300, 200, 256, 1000), heap_limit_bytes: null }], /does not tell its heap/],
  [[process(1500, 200, 256, 1000)], /has room for 0/],
  [[], /no process/],
])('%j is refused', (processes, refusal) => {
  expect(heapRoom(processes)).toEqual({ refusal: expect.stringMatching(refusal) });
});
