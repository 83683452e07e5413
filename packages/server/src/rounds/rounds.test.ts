import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Rounds } from './rounds.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a round that takes long is not overtaken, and is waited for at the end', async () => {
  let begun = 0;
  let end: () => void = () => undefined;
  const work = (): Promise<void> => {
    begun += 1;
    return new Promise((resolve) => (end = resolve));
  };
  const rounds = new Rounds(work, { everyMs: 100, onError: () => expect.unreachable('no round failed') });
  await vi.advanceTimersByTimeAsync(350);
  expect(begun).toBe(1);
  end();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toBe(2);
  let stopped = false;
  const stopping = rounds.stop().then(() => (stopped = true));
  await vi.advanceTimersByTimeAsync(1000);
  expect([begun, stopped]).toEqual([2, false]);
  end();
  await stopping;
  expect(begun).toBe(2);
});

test('a round that is asked for begins at once, or once more right after the one under way; never after the end', async () => {
  let begun = 0;
  let end: () => void = () => undefined;
  const work = (): Promise<void> => {
    begun += 1;
    return new Promise((resolve) => (end = resolve));
  };
  const rounds = new Rounds(work, { everyMs: 100_000, onError: () => expect.unreachable('no round failed') });
  rounds.soon();
  expect(begun).toBe(1);
  for (let i = 0; i < 5; i++) rounds.soon();
  expect(begun).toBe(1);
  end();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toBe(2);
  end();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toBe(2);
  rounds.soon();
  rounds.soon();
  const stopping = rounds.stop();
  rounds.soon();
  end();
  await stopping;
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toBe(3);
});

test('a round that fails is told, and the next one tries again', async () => {
  const errors: unknown[] = [];
  const work = (): Promise<void> => Promise.reject(new Error(`round ${errors.length + 1}`));
  const rounds = new Rounds(work, { everyMs: 100, onError: (error) => errors.push(error) });
  await vi.advanceTimersByTimeAsync(250);
  await rounds.stop();
  expect(errors).toEqual([new Error('round 1'), new Error('round 2')]);
});
