import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

describe('Histogram', () => {
  it('counts a value that equals a bound below it, and what is above all bounds in the last range', () => {
    const histogram = new Histogram([1, 10]);
    for (const value of [0, 1, 1.5, 10, 11, 1e9]) histogram.record(value);
    expect([...histogram.counts]).toEqual([2, 2, 2]);
    expect(histogram.count).toBe(6);
    expect(histogram.sum).toBe(0 + 1 + 1.5 + 10 + 11 + 1e9);
  });

  it('leaves out what is no number, and takes a time below zero for none', () => {
    const histogram = new Histogram([1]);
    for (const value of [Number.NaN, Infinity, -Infinity]) histogram.record(value);
    expect(histogram.count).toBe(0);
    histogram.record(-5);
    expect(histogram).toMatchObject({ count: 1, sum: 0 });
  });
});
