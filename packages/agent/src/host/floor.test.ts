import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from '@ebb/capture';
import { afterEach, expect, it, vi } from 'vitest';
import { FloorWatch, readFloor } from './floor.ts';

let watch: FloorWatch | undefined;
afterEach(() => watch?.stop());

it('keeps a floor that was read at once for the collection that is reported later, and reads the next one itself', async () => {
  let nowMs = 1;
  const watching = new FloorWatch({ now: () => nowMs++ } as never);
  watch = watching;
  collectGarbage();
  await vi.waitUntil(() => watching.floor !== null);
  collectGarbage();
  const noted = readFloor(1000);
  watching.note(noted);
  const pausedMs = watching.allPauseMs;
  await vi.waitUntil(() => watching.allPauseMs > pausedMs); // it has been reported
  await delay(20);
  expect(watching.floor).toBe(noted);
  collectGarbage();
  await vi.waitUntil(() => watching.floor !== noted);
  expect(watching.floor?.heapBytes).toBeGreaterThan(0);
});
