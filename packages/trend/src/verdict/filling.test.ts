import { describe, expect, it } from 'vitest';
import { workedPoints } from '../fixtures/worked-points.ts';
import { MB } from '../simulate/index.ts';
import { mayBeFilling } from './filling.ts';
import { Shape } from './shape.ts';

const rising = (hour: number): number => 10 + 0.45 * hour ** 2;
const isFilling = (...of: Parameters<typeof workedPoints>): boolean => mayBeFilling(new Shape(workedPoints(...of)));
const fills = (requests: number): number => 80 * MB * (1 - Math.exp(-requests / 300_000));

describe('growth that slows down by the request while the traffic rises', () => {
  it('may be a cache that fills', () => {
    expect(isFilling(rising, (_, requests) => 100 * MB + fills(requests))).toBe(true);
  });

  it('may be a cache that fills beside memory that is held for the requests', () => {
    expect(isFilling(rising, (hour, requests) => 100 * MB + fills(requests) + MB * rising(hour))).toBe(true);
  });

  it('is no cache when it is a straight line in time, which nothing that fills would be', () => {
    expect(isFilling(rising, (hour) => 100 * MB + 5 * MB * hour)).toBe(false);
  });

  it('may be a cache that fills although the traffic hardly rises', () => {
    const hardly = (hour: number): number => 20 + 0.6 * hour;
    expect(isFilling(hardly, (_, requests) => 100 * MB + fills(requests))).toBe(true);
    expect(isFilling(hardly, (hour) => 100 * MB + 5 * MB * hour)).toBe(false);
  });

  it('stays undecided where noise hides the form', () => {
    const noisy = (hour: number): number => 3 * MB * Math.sin(hour * 7);
    expect(isFilling(rising, (hour) => 100 * MB + 5 * MB * hour + noisy(hour))).toBe(true);
  });
});

it('is not looked for while the traffic stays as it is, or growth is in step with the requests', () => {
  expect(
    isFilling(
      () => 20,
      (_, requests) => 100 * MB + fills(requests),
    ),
  ).toBe(false);
  expect(isFilling(rising, (_, requests) => 100 * MB + 60 * requests)).toBe(false);
});
