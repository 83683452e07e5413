import { expect, test } from 'vitest';
import type { Floor } from '../runner/protocol.ts';
import { planLook, sightOf } from './look.ts';

const floors = (heapBytes: readonly number[], callsPerRound = 1000): Floor[] =>
  heapBytes.map((bytes, round) => ({ iterations: round * callsPerRound, heapBytes: bytes, externalBytes: 0 }));

test('a heap that only wobbles is clean', () => {
  expect(sightOf(floors([0, 800, -500, 300, 100, -200, 400, 0]), 0).sight).toBe('clean');
});

test('a heap that grows with the calls is told so, one that grows once is unclear', () => {
  expect(sightOf(floors([0, 20e3, 40e3, 60e3, 80e3, 100e3, 120e3]), 0).sight).toBe('grows');
  expect(sightOf(floors([0, 0, 0, 900e3, 900e3, 900e3, 900e3]), 0).sight).toBe('unclear');
});

test('growth below what is accepted is clean', () => {
  const grows = floors([0, 20e3, 40e3, 60e3, 80e3, 100e3, 120e3]);
  expect(sightOf(grows, 19).sight).toBe('grows');
  expect(sightOf(grows, 21).sight).toBe('clean');
});

test('a few rounds say nothing', () => {
  expect(sightOf(floors([0, 0, 0, 0, 0]), 0).sight).toBe('unclear');
});

test('a look has a prime number of calls, and at least one a round', () => {
  expect(planLook(1000)).toMatchObject({ iterations: 11, rounds: 11 });
  expect(planLook(0.9).iterations).toBe(997);
  expect(planLook(0).iterations).toBe(99_991);
});
