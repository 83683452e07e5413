import { describe, expect, it } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { EarlyTest } from './early-test.ts';

const LOG_20 = Math.log(20);

function proofs(levels: readonly number[], quietBytes = 0, timeS = (floor: number): number => floor): number[] {
  const test = new EarlyTest();
  return levels.map((bytes, floor) => {
    test.add(timeS(floor), bytes);
    return test.proof(quietBytes);
  });
}

/** Of so many series without growth, how many ever reach odds of 1 to 20? */
function wrong(
  runs: number,
  next: (level: number, normal: () => number, floor: number) => number,
  times: readonly number[] = Array.from({ length: 100 }, (_, floor) => floor),
): number {
  let count = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const random = seeded(seed * 7919);
    let level = 0;
    const levels = times.map((_, floor) => 5e7 + (level = next(level, random.normal, floor)));
    if (Math.max(...proofs(levels, 0, (floor) => times[floor])) >= LOG_20) count++;
  }
  return count;
}

describe('EarlyTest', () => {
  it('is wrong on no more random walks than its bound allows, though it looks after every step', () => {
    // The bound is 50 of 1,000. The union bound over the beginnings makes it less in truth.
    expect(wrong(1000, (level, normal) => level + 2e5 * normal())).toBeLessThanOrEqual(50);
  });

  it('is wrong more seldom on noise that returns to a level, with a memory of 0.9 and with none', () => {
    expect(wrong(500, (level, normal) => 0.9 * level + 2e5 * normal())).toBeLessThanOrEqual(20);
    expect(wrong(500, (_, normal) => 2e5 * normal())).toBeLessThanOrEqual(10);
  });

  it('needs three steps that are alike, however small they are', () => {
    const steady = [10, 12, 14.1, 16, 18.1];
    expect(proofs(steady.map((bytes) => bytes * 1e6)).findIndex((proof) => proof >= LOG_20)).toBe(3);
    expect(proofs(steady.map((bytes) => 1e8 + bytes * 1e3)).findIndex((proof) => proof >= LOG_20)).toBe(3);
  });

  it('sees a steady climb as soon when its floors come at odd times, in small steps and large ones', () => {
    const times = [0, 2.4, 4, 6.4, 8.4, 14.8, 17.2, 24.1];
    const climb = times.map((second, floor) => (20 + second + (floor % 2) / 10) * 1e6);
    const proven = proofs(climb, 0, (floor) => times[floor]);
    expect(proven.findIndex((proof) => proof >= LOG_20)).toBe(3);
    // As the climb goes on, so does the proof.
    expect(Math.min(...proven.slice(3))).toBeGreaterThanOrEqual(LOG_20);
  });

  it('is wrong no more often where floors come at odd times: of random walks, and of noise that returns', () => {
    const times = Array.from({ length: 100 }, (_, floor) => 12 * Math.floor(floor / 3) + [0, 1, 3][floor % 3]);
    const walk = (level: number, normal: () => number, floor: number): number =>
      level + 2e5 * normal() * Math.sqrt(times[floor] - times[Math.max(0, floor - 1)]);
    expect(wrong(1000, walk, times)).toBeLessThanOrEqual(50);
    expect(wrong(500, (_, normal) => 2e5 * normal(), times)).toBeLessThanOrEqual(10);
  });

  it('thinks nothing of steps below what is quiet, nor of one leap, nor of growth that slows down', () => {
    expect(
      Math.max(
        ...proofs(
          [1, 2, 3, 4, 5].map((step) => 1e8 + step * 1e3),
          16_384,
        ),
      ),
    ).toBeLessThan(LOG_20);
    expect(Math.max(...proofs([10, 10, 10, 10, 90, 90, 90].map((level) => level * 1e6)))).toBeLessThan(LOG_20);
    expect(Math.max(...proofs([10, 20, 23, 24, 24.3, 24.4].map((level) => level * 1e6)))).toBeLessThan(LOG_20);
  });

  it('sees growth that begins after a while of quiet, later', () => {
    const random = seeded(4);
    const levels = Array.from(
      { length: 40 },
      (_, floor) => 5e7 + 1e5 * random.normal() + 1e6 * Math.max(0, floor - 20),
    );
    const at = proofs(levels).findIndex((proof) => proof >= LOG_20);
    expect(at).toBeGreaterThan(21);
    expect(at).toBeLessThan(32);
  });
});
