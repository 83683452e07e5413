import fc from 'fast-check';
import { expect, it } from 'vitest';
import { worth } from './bet.ts';

const bet = fc.double({ min: -1e6, max: 1e6, noNaN: true });

it('is fair: what a step wins, the same step downwards loses', () => {
  fc.assert(
    fc.property(bet, (x) => {
      expect(worth(x) + worth(-x)).toBeCloseTo(2, 12);
    }),
  );
});

it('never falls as the step rises, so that a falling centre only loses', () => {
  fc.assert(
    fc.property(bet, bet, (a, b) => {
      expect(worth(Math.min(a, b))).toBeLessThanOrEqual(worth(Math.max(a, b)));
    }),
  );
});

it('costs no more than all and wins no more than a doubling', () => {
  fc.assert(
    fc.property(bet, (x) => {
      expect(worth(x)).toBeGreaterThanOrEqual(0);
      expect(worth(x)).toBeLessThanOrEqual(2);
    }),
  );
});
