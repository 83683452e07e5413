import { describe, expect, it } from 'vitest';
import { nearerLimit } from './nearer-limit.ts';

const MB = 2 ** 20;

describe('nearerLimit', () => {
  it("is the heap's own where there is no container", () => {
    expect(nearerLimit({ heapLimitBytes: 100 * MB, rssLimitBytes: null }, 90 * MB, 40 * MB)).toEqual({
      kind: 'heap',
      limitBytes: 100 * MB,
      roomBytes: 60 * MB,
    });
  });

  it("is the container's, less what is beside the heap, where that comes first", () => {
    expect(nearerLimit({ heapLimitBytes: 259 * MB, rssLimitBytes: 200 * MB }, 150 * MB, 80 * MB)).toEqual({
      kind: 'container',
      limitBytes: 130 * MB,
      roomBytes: 50 * MB,
    });
  });

  it('has no room left, and not less than none, when the container is full', () => {
    expect(nearerLimit({ heapLimitBytes: 259 * MB, rssLimitBytes: 100 * MB }, 150 * MB, 20 * MB)).toMatchObject({
      limitBytes: 0,
      roomBytes: 0,
    });
  });
});
