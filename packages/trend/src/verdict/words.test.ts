import { expect, it } from 'vitest';
import { megabytes, pacePer, span } from './words.ts';

it('tells bytes in the unit that a person would choose', () => {
  expect([0, 900, 2355, 43_200_000, 2e9, -5e6].map(megabytes)).toEqual([
    '0 B',
    '900 B',
    '2.3 KB',
    '41.2 MB',
    '1.9 GB',
    '-4.8 MB',
  ]);
});

it('tells times so that they can be pictured', () => {
  expect([12.4, 1380, 18_000, 864_000, 1e12, Infinity].map(span)).toEqual([
    '12 s',
    '23 min',
    '5 h',
    '10 days',
    'years',
    'never',
  ]);
});

it('tells a pace per second, minute or hour, by its size', () => {
  expect([300_000, 5000, 20].map(pacePer)).toEqual(['293 KB a second', '293 KB a minute', '70.3 KB an hour']);
});
