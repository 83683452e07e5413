import { beforeEach, describe, expect, it } from 'vitest';
import type { HostClock } from './clock.ts';
import { IdleCollection, type IdleState } from './idle-collection.ts';

let nowMs: number;
let collected: number;
let idle: IdleCollection;
const doubtful: IdleState = { suspicious: true, floorAgeMs: 300_000, activeRequests: 0, utilization: 0.01 };

beforeEach(() => {
  nowMs = 0;
  collected = 0;
  idle = new IdleCollection({ monotonicMs: () => nowMs } as HostClock, () => (collected += 1));
});

describe('IdleCollection', () => {
  it('asks for a collection when a doubt is open, the floor is old and nothing is to be done', () => {
    idle.consider(doubtful);
    expect(collected).toBe(1);
  });

  it.each([
    ['nothing is suspected', { suspicious: false }],
    ['a request is being answered', { activeRequests: 1 }],
    ['the thread is busy', { utilization: 0.5 }],
    ['the floor is fresh', { floorAgeMs: 10_000 }],
  ])('does not when %s', (_, state) => {
    idle.consider({ ...doubtful, ...state });
    expect(collected).toBe(0);
  });

  it('asks again only after two minutes', () => {
    idle.consider(doubtful);
    nowMs = 119_000;
    idle.consider(doubtful);
    expect(collected).toBe(1);
    nowMs = 121_000;
    idle.consider({ ...doubtful, floorAgeMs: undefined });
    expect(collected).toBe(2);
  });

  it('has V8 really collect, without a word on standard error', async () => {
    const { PerformanceObserver, constants } = await import('node:perf_hooks');
    const warned: string[] = [];
    const onWarning = (warning: Error): number => warned.push(warning.message);
    process.on('warning', onWarning);
    const major = new Promise<void>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        const kinds = list.getEntries().map((entry) => (entry as { detail?: { kind?: number } }).detail?.kind);
        if (!kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) return;
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ['gc'] });
    });
    const own = process.emitWarning;
    new IdleCollection({ monotonicMs: () => 1e9 } as HostClock).consider(doubtful);
    expect(process.emitWarning).toBe(own);
    await major;
    process.off('warning', onWarning);
    expect(warned.filter((message) => message.includes('measureMemory'))).toEqual([]);
  });
});
