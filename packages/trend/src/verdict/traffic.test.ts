import { expect, it } from 'vitest';
import { workedPoints } from '../fixtures/worked-points.ts';
import { MB } from '../simulate/index.ts';
import { explainedByTraffic } from './traffic.ts';

const steady = (): number => 20;
const rising = (hour: number): number => 10 + 3 * hour;
const falling = (hour: number): number => 40 - 3 * hour;

it('puts memory that goes with the rate of requests down to the traffic', () => {
  expect(explainedByTraffic(workedPoints(rising, (hour) => 100 * MB + 2 * MB * rising(hour)))).toBe(true);
});

it('does not put growth down to traffic that stays as it is, or that falls', () => {
  expect(explainedByTraffic(workedPoints(steady, (hour) => 100 * MB + 5 * MB * hour))).toBe(false);
  expect(explainedByTraffic(workedPoints(falling, (hour) => 100 * MB + 5 * MB * hour))).toBe(false);
});

it('does not put growth with each request down to a rate that comes and goes', () => {
  const waves = (hour: number): number => 20 + 10 * Math.sin(hour * 2);
  expect(explainedByTraffic(workedPoints(waves, (_, requests) => 100 * MB + 60 * requests))).toBe(false);
});

it('waits where growth and traffic can not be told apart', () => {
  expect(explainedByTraffic(workedPoints(rising, (hour) => 100 * MB + 5 * MB * hour))).toBe(true);
});

it('puts memory down to a rate that bends, also at its ends, where the rate is that of one side', () => {
  const bends = (hour: number): number => (4 + 2 * hour) * (1 + 0.5 * Math.sin(0.26 * hour + 4));
  expect(explainedByTraffic(workedPoints(bends, (hour) => 100 * MB + 2 * MB * bends(hour)))).toBe(true);
});
