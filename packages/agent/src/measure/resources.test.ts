import { describe, expect, it } from 'vitest';
import { activeResources } from './resources.ts';

describe('activeResources', () => {
  it('counts by type', () => {
    expect(Object.fromEntries(activeResources(['TCPSocketWrap', 'Timeout', 'TCPSocketWrap']))).toEqual({
      TCPSocketWrap: 2,
      Timeout: 1,
    });
  });

  it('keeps a bounded number of types however many an addon makes up', () => {
    const counts = activeResources(Array.from({ length: 5000 }, (_, i) => `Type${String(i)}`));
    expect(counts.size).toBeLessThanOrEqual(33);
    expect([...counts.values()].reduce((all, count) => all + count, 0)).toBe(5000);
  });

  it('reads this process without an argument', () => {
    expect(activeResources().size).toBeGreaterThan(0);
  });
});
