import { expect, it } from 'vitest';
import type { Points } from '../history/thinned-history.ts';
import { MB, seeded } from '../simulate/index.ts';
import { explainedByTraffic } from './traffic.ts';

/** Twenty-four points over eight hours. */
function points(rate: (hour: number) => number, bytes: (hour: number, requests: number) => number): Points {
  const random = seeded(7);
  const count = 24;
  const all: Points = {
    count,
    timeS: new Float64Array(count),
    bytes: new Float64Array(count),
    heapBytes: new Float64Array(count),
    requests: new Float64Array(count),
  };
  let requests = 1000;
  for (let at = 0; at < count; at++) {
    const hour = at / 3;
    requests += rate(hour) * 1200 * (1 + 0.02 * random.normal());
    all.timeS[at] = hour * 3600;
    all.requests[at] = requests;
    all.bytes[at] = bytes(hour, requests) + 0.2 * MB * random.normal();
  }
  return all;
}

const steady = (): number => 20;
const rising = (hour: number): number => 10 + 3 * hour;
const falling = (hour: number): number => 40 - 3 * hour;

it('puts memory that goes with the rate of requests down to the traffic', () => {
  expect(explainedByTraffic(points(rising, (hour) => 100 * MB + 2 * MB * rising(hour)))).toBe(true);
});

it('does not put growth down to traffic that stays as it is, or that falls', () => {
  expect(explainedByTraffic(points(steady, (hour) => 100 * MB + 5 * MB * hour))).toBe(false);
  expect(explainedByTraffic(points(falling, (hour) => 100 * MB + 5 * MB * hour))).toBe(false);
});

it('does not put growth with each request down to a rate that comes and goes', () => {
  const waves = (hour: number): number => 20 + 10 * Math.sin(hour * 2);
  expect(explainedByTraffic(points(waves, (_, requests) => 100 * MB + 60 * requests))).toBe(false);
});

it('waits where growth and traffic can not be told apart', () => {
  expect(explainedByTraffic(points(rising, (hour) => 100 * MB + 5 * MB * hour))).toBe(true);
});
