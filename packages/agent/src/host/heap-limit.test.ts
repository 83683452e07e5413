import { getHeapStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { heapLimitBytes } from './heap-limit.ts';

const MIB = 2 ** 20;

describe('the heap limit', () => {
  it('is that of the old space, where the command line gives it', () => {
    expect(heapLimitBytes(['--max-old-space-size=128'], undefined, undefined)).toBe(128 * MIB);
    expect(heapLimitBytes(['--max_old_space_size', '96'], undefined, undefined)).toBe(96 * MIB);
  });

  it('is the last of several, and the command line comes before NODE_OPTIONS', () => {
    expect(
      heapLimitBytes(['--max-old-space-size=64', '--max-old-space-size=100'], '--max-old-space-size=50', undefined),
    ).toBe(100 * MIB);
    expect(heapLimitBytes([], '--enable-source-maps --max-old-space-size=50', undefined)).toBe(50 * MIB);
  });

  it("is a worker's own, where it has one", () => {
    expect(heapLimitBytes(['--max-old-space-size=128'], undefined, 32)).toBe(32 * MIB);
  });

  it("is V8's figure where nothing was given, and never above it", () => {
    const reported = getHeapStatistics().heap_size_limit;
    expect(heapLimitBytes([], undefined, undefined)).toBe(reported);
    expect(heapLimitBytes(['--max-old-space-size=99999999'], undefined, undefined)).toBe(reported);
    expect(heapLimitBytes(['--max-old-space-size=0'], 'not an option', undefined)).toBe(reported);
  });
});
