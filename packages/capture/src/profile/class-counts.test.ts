import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/error-of.ts';
import type { ChildRoom } from '../fork/room-for-child.ts';
import { requireRoomForCounts } from './class-counts.ts';

const room = (limitBytes: number, usedBytes = 200e6): ChildRoom => ({
  heapUsedBytes: 100e6,
  smallObjectsBytes: 80e6,
  limits: [{ limitBytes, usedBytes, usageFile: '/u', statFile: '/s', killsGroup: false, throttles: false }],
  machineBytes: 64e9,
  machineAvailableBytes: 60e9,
  diskFreeBytes: null,
});

describe('requireRoomForCounts', () => {
  it('asks for twice the memory of the small objects, and for a quarter of it within the limit of V8', () => {
    expect(() => {
      requireRoomForCounts(room(360e6), 200e6);
    }).not.toThrow();
    const container = errorOf(() => {
      requireRoomForCounts(room(359e6), 200e6);
    });
    expect(container).toMatchObject({ code: 'EBB_CAPTURE_NO_MEMORY' });
    expect(container.message).toContain('takes up to 160 MB of memory, and 159 MB are free');
    const heap = errorOf(() => {
      requireRoomForCounts(room(360e6), 119e6);
    });
    expect(heap.message).toContain("20 MB of heap, and V8's limit leaves 19 MB");
  });
});
