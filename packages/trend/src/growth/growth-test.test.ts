import { describe, expect, it } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { GrowthTest } from './growth-test.ts';

const KB = 1024;

/** The highest proof that a walk ever reaches, looked at after every step. */
function highestProof(steps: number, level: (index: number) => number): number {
  const test = new GrowthTest(1, 10);
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < steps; index++) {
    test.add(index, level(index), 16 * KB, true);
    highest = Math.max(highest, test.strongest().proof);
  }
  return highest;
}

describe('GrowthTest', () => {
  it('calls no more random walks growing than its bound allows, though it looks after every step', () => {
    const alpha = 0.05;
    const runs = 1000;
    let wrong = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const random = seeded(seed);
      let level = 5e7;
      if (highestProof(300, () => (level += 2e5 * random.normal())) >= -Math.log(alpha)) wrong++;
    }
    // The bound is 50 of 1,000; 3 deviations above it would be 71. The union bounds make it far less in truth.
    expect(wrong).toBeLessThanOrEqual(50);
  });

  it('keeps the bound when the steps have wild tails', () => {
    let wrong = 0;
    for (let seed = 1; seed <= 500; seed++) {
      const random = seeded(seed);
      let level = 5e7;
      // A quotient of normals is Cauchy: no mean, no variance.
      if (highestProof(300, () => (level += (1e5 * random.normal()) / random.normal())) >= Math.log(20)) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(25);
  });

  it('proves steady growth under noise', () => {
    const random = seeded(3);
    expect(highestProof(90, (index) => 4e7 + 3e5 * index + 1e5 * random.normal())).toBeGreaterThan(Math.log(1000));
  });

  it('gains nothing from one leap, however high', () => {
    expect(highestProof(200, (index) => (index < 50 ? 4e7 : 4e8))).toBeLessThan(1);
  });

  it('loses more in the one fall of a sawtooth than it gains in the rises', () => {
    expect(highestProof(600, (index) => 4e7 + 1e6 * (index % 12))).toBeLessThan(Math.log(1000));
  });

  it('says when growth began', () => {
    const random = seeded(5);
    const test = new GrowthTest(1, 10);
    for (let index = 0; index < 400; index++) {
      test.add(index, 4e7 + 3e5 * Math.max(0, index - 300) + 5e4 * random.normal(), 16 * KB, true);
    }
    const { sinceS, proof, peakBeforeBytes } = test.strongest();
    expect(proof).toBeGreaterThan(Math.log(1000));
    expect(sinceS).toBeGreaterThan(270);
    expect(sinceS).toBeLessThan(320);
    expect(peakBeforeBytes).toBeLessThan(4e7 + 1e6);
  });

  it('knows nothing after it was cleared', () => {
    const test = new GrowthTest(1, 10);
    for (let index = 0; index < 100; index++) test.add(index, 4e7 + 3e5 * index, 16 * KB, true);
    test.clear();
    expect(test.strongest()).toEqual(new GrowthTest(1, 10).strongest());
  });
});
