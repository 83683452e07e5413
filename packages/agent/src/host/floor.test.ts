import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '@ebb/capture';
import { afterEach, expect, it, vi } from 'vitest';
import { FloorWatch, readFloor } from './floor.ts';

let watch: FloorWatch | undefined;
afterEach(() => watch?.stop());

it('keeps a floor that was read at once for the collection that is reported later, and takes a lower one itself', async () => {
  let nowMs = 1;
  const watching = new FloorWatch({ now: () => nowMs++ } as never);
  watch = watching;
  collectGarbage();
  await vi.waitUntil(() => watching.floor !== null);
  collectGarbage();
  const noted = { ...readFloor(1000), heapBytes: 1e12 };
  watching.note(noted);
  await reported(watching);
  expect(watching.floor).toBe(noted);
  collectGarbage();
  await vi.waitUntil(() => watching.floor !== noted);
  expect(watching.floor?.heapBytes).toBeGreaterThan(0);
});

it('believes a higher floor after a collection of the program itself only when none was brought about for a minute', async () => {
  let nowMs = 1000;
  const watching = new FloorWatch({ now: () => nowMs } as never);
  watch = watching;
  collectGarbage();
  const noted = { ...readFloor(nowMs), heapBytes: 1 };
  watching.note(noted);
  await reported(watching);
  nowMs += 59_000;
  collectGarbage();
  await reported(watching);
  expect(watching.floor).toBe(noted);
  nowMs += 2000;
  collectGarbage();
  await vi.waitUntil(() => watching.floor !== noted);
  expect(watching.floor?.heapBytes).toBeGreaterThan(1);
});

/** Waits until Node has told of a collection. */
async function reported(watching: FloorWatch): Promise<void> {
  const pausedMs = watching.allPauseMs;
  await vi.waitUntil(() => watching.allPauseMs > pausedMs);
  await delay(20);
}
