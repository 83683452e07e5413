import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from './collect.ts';

describe('collectGarbage', () => {
  it('frees what nothing holds, and reads what is left', async () => {
    const holder: { kept?: object } = { kept: new Array(100_000).fill(0).map((_, i) => ({ i })) };
    const weak = new WeakRef(holder.kept as object);
    // A WeakRef that was made in this turn of the loop keeps its target until the turn ends.
    await new Promise((resolve) => setImmediate(resolve));
    const full = collectGarbage();
    expect(weak.deref()).toBe(holder.kept);
    delete holder.kept;
    await new Promise((resolve) => setImmediate(resolve));
    const freed = collectGarbage({ now: () => 12_345 });
    expect(weak.deref()).toBeUndefined();
    expect(full.heapBytes - freed.heapBytes).toBeGreaterThan(100_000 * 16);
    expect(freed.timeMs).toBe(12_345);
    expect(freed.externalBytes).toBeGreaterThanOrEqual(freed.arrayBuffersBytes);
  });

  it('leaves no gc behind, here or in contexts that are made later', () => {
    collectGarbage();
    expect('gc' in globalThis).toBe(false);
    expect(runInNewContext('typeof gc')).toBe('undefined');
  });
});
