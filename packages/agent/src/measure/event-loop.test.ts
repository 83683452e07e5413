import { describe, expect, it } from 'vitest';
import { EventLoopWatch } from './event-loop.ts';

describe('EventLoopWatch', () => {
  it('sees a loop that stood still, and forgets it at the next look', async () => {
    const watch = new EventLoopWatch();
    await new Promise((resolve) => setTimeout(resolve, 150));
    const until = performance.now() + 200;
    while (performance.now() < until) {
      // Busy.
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
    const blocked = watch.take();
    expect(blocked.delayMaxSeconds).toBeGreaterThan(0.1);
    expect(blocked.delayP50Seconds).toBeLessThanOrEqual(blocked.delayP99Seconds);
    expect(blocked.activeSeconds).toBeGreaterThan(0.1);
    const empty = watch.take();
    for (const value of Object.values(empty) as number[]) expect(value).toBeGreaterThanOrEqual(0);
    expect(empty.delayMaxSeconds).toBe(0);
    watch.stop();
  });
});
