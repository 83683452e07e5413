import { describe, expect, it } from 'vitest';
import { ThinnedHistory } from './thinned-history.ts';

describe('ThinnedHistory', () => {
  it('keeps everything while there is room', () => {
    const history = new ThinnedHistory(8, 1);
    for (let index = 0; index < 8; index++) history.add(index, index * 10, index, index);
    expect([...history.window(0, 8).bytes]).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
  });

  it('thins a long series so that no part of it becomes a blur, and keeps only measured points', () => {
    const history = new ThinnedHistory(56, 1);
    const level = (timeS: number): number => 1e7 + 13 * timeS;
    for (let timeS = 0; timeS <= 100_000; timeS++) history.add(timeS, level(timeS), 0, 0);
    expect(history.count).toBe(56);
    let widest = 0;
    for (let index = 0; index < history.count; index++) {
      expect(history.bytes(index)).toBe(level(history.timeS(index)));
      if (index > 0) widest = Math.max(widest, history.timeS(index) - history.timeS(index - 1));
    }
    expect(widest).toBeLessThan(100_000 / 10);
    const recent = history.window(95_000, 24);
    expect(recent.count).toBeGreaterThanOrEqual(5);
  });

  it('lets the higher of two neighbours go: a floor is a lower envelope', () => {
    const history = new ThinnedHistory(4, 1);
    [5, 1, 9, 2, 8, 3, 7].forEach((bytes, timeS) => history.add(timeS, bytes, 0, 0));
    const kept = Array.from({ length: history.count }, (_, index) => history.bytes(index));
    expect(kept).toContain(1);
    expect(kept).not.toContain(9);
  });

  it('takes the lowest of each span of a window, at the time it was measured', () => {
    const history = new ThinnedHistory(16, 1);
    [4, 3, 8, 9, 2, 6, 5, 7].forEach((bytes, timeS) => history.add(timeS, bytes, bytes / 2, timeS * 100));
    const { count, bytes, timeS, heapBytes, requests } = history.window(0, 2);
    expect(count).toBe(2);
    expect([...bytes]).toEqual([3, 2]);
    expect([...timeS]).toEqual([1, 4]);
    expect([...heapBytes]).toEqual([1.5, 1]);
    expect([...requests]).toEqual([100, 400]);
  });

  it('has an empty window before its first point and after its last', () => {
    const history = new ThinnedHistory(4, 1);
    expect(history.window(0, 4).count).toBe(0);
    history.add(1, 1, 1, 1);
    expect(history.window(2, 4).count).toBe(0);
  });
});
