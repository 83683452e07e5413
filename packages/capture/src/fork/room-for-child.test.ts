import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/error-of.ts';
import type { BindingLimit } from '../memory-limit.ts';
import { measureChildRoom, requireRoomForChild, roomWithoutChild, type ChildRoom } from './room-for-child.ts';

const limit = (limitBytes: number, usedBytes: number, killsGroup = false): BindingLimit => ({
  limitBytes,
  usedBytes,
  usageFile: `/group-${limitBytes}/usage`,
  statFile: `/group-${limitBytes}/stat`,
  killsGroup,
  throttles: false,
});

const plenty: ChildRoom = {
  heapUsedBytes: 100e6,
  smallObjectsBytes: 100e6,
  limits: [],
  machineBytes: 64e9,
  machineAvailableBytes: 60e9,
  diskFreeBytes: 1e12,
};

describe('requireRoomForChild', () => {
  it('says where the child has to be ended: before every limit, and before the machine has nothing left', () => {
    const room = { ...plenty, limits: [limit(2e9, 300e6), limit(8e9, 4e9)] };
    expect(requireRoomForChild(room, 24, '/x')).toEqual({
      groups: [
        { usageFile: '/group-2000000000/usage', statFile: '/group-2000000000/stat', stopAboveBytes: 1.9e9 },
        { usageFile: '/group-8000000000/usage', statFile: '/group-8000000000/stat', stopAboveBytes: 7.6e9 },
      ],
      // 2 GB less what is kept free and what is in use: the nearer of the two.
      budgetBytes: 1.6e9,
      leastAvailableBytes: 3.2e9,
      leastDiskBytes: 64e6,
    });
  });

  it('refuses with figures when the nearest limit leaves too little, and says so of a group that dies as a whole', () => {
    const error = errorOf(() => requireRoomForChild({ ...plenty, limits: [limit(900e6, 300e6)] }, 24, '/x'));
    expect(error).toMatchObject({
      code: 'EBB_CAPTURE_NO_MEMORY',
      message:
        'A forked snapshot of 100 MB of heap takes about 700 MB of memory while it is written, and 555 MB can be used ' +
        'within the limit of 900 MB. Raise that limit to 1054 MB, or take the snapshot earlier, while the heap is small.',
    });
    const asWhole = errorOf(() => requireRoomForChild({ ...plenty, limits: [limit(900e6, 300e6, true)] }, 24, '/x'));
    expect(asWhole.message).toContain('510 MB can be used');
    expect(asWhole.message).toContain('memory.oom.group');
    const machine = errorOf(() => requireRoomForChild({ ...plenty, machineAvailableBytes: 3.5e9 }, 24, '/x'));
    expect(machine.message).toContain('300 MB can be used within this machine');
    expect(machine.message).toContain('Free memory, or');
  });

  it('names the limit that has the least room, and one in which there would be enough', () => {
    const room = { ...plenty, limits: [limit(700e6, 100e6), limit(900e6, 400e6)] };
    const [, told] =
      /limit of 900 MB.* to (\d+) MB/.exec(errorOf(() => requireRoomForChild(room, 24, '/x')).message) ?? [];
    const raised = { ...plenty, limits: [limit(Number(told) * 1e6, 400e6)] };
    expect(() => requireRoomForChild(raised, 24, '/x')).not.toThrow();
    const asWhole = { ...plenty, limits: [limit(900e6, 300e6, true)] };
    const [, more] = / to (\d+) MB/.exec(errorOf(() => requireRoomForChild(asWhole, 24, '/x')).message) ?? [];
    expect(() =>
      requireRoomForChild({ ...plenty, limits: [limit(Number(more) * 1e6, 300e6, true)] }, 24, '/x'),
    ).not.toThrow();
  });

  it('asks for more on Node 20, and for little where the heap is made of large objects', () => {
    const room = { ...plenty, limits: [limit(1.2e9, 300e6)] };
    expect(() => requireRoomForChild(room, 24, '/x')).not.toThrow();
    expect(errorOf(() => requireRoomForChild(room, 20, '/x')).message).toContain('about 900 MB');
    expect(() => requireRoomForChild({ ...room, smallObjectsBytes: 10e6 }, 20, '/x')).not.toThrow();
  });

  it('refuses when the disk would be filled, and goes ahead where nothing is known', () => {
    const error = errorOf(() => requireRoomForChild({ ...plenty, diskFreeBytes: 263e6 }, 24, '/data/x'));
    expect(error.code).toBe('EBB_CAPTURE_NO_DISK');
    expect(error.message).toContain('needs about 264 MB on the disk, and /data/x has 263 MB left');
    const unknown = { ...plenty, machineAvailableBytes: null, diskFreeBytes: null };
    expect(requireRoomForChild(unknown, 24, '/x')).toMatchObject({ groups: [], budgetBytes: 0, leastDiskBytes: 0 });
  });
});

describe('measureChildRoom', () => {
  it('reads this process, its disk and this machine', () => {
    const room = measureChildRoom('/tmp/x');
    expect(room.heapUsedBytes).toBeGreaterThan(room.smallObjectsBytes);
    expect(room.smallObjectsBytes).toBeGreaterThan(1e6);
    expect(room.machineAvailableBytes).toBeGreaterThan(0);
    expect(room.machineAvailableBytes).toBeLessThan(room.machineBytes);
    expect(room.diskFreeBytes).toBeGreaterThan(0);
    expect(measureChildRoom('/no/such/folder/x').diskFreeBytes).toBeNull();
    expect(measureChildRoom(null).diskFreeBytes).toBeNull();
  });
});

describe('roomWithoutChild', () => {
  it('is what the nearest limit or the machine leaves, and unknown where neither is known', () => {
    const room = { ...plenty, limits: [limit(900e6, 300e6), limit(8e9, 7.9e9)] };
    expect(roomWithoutChild(room)).toEqual({ heapUsedBytes: 100e6, diskFreeBytes: 1e12, memoryFreeBytes: 100e6 });
    expect(roomWithoutChild(plenty).memoryFreeBytes).toBe(60e9);
    expect(roomWithoutChild({ ...plenty, machineAvailableBytes: null }).memoryFreeBytes).toBeNull();
  });
});
