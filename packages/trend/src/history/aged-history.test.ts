import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AgedHistory } from './aged-history.ts';

const HOUR = 3600;

function lived(hours: number): AgedHistory {
  const history = new AgedHistory();
  for (let ageS = 0; ageS <= hours * HOUR; ageS += 30) history.add(ageS, 1000 + (ageS % 300), ageS * 2);
  return history;
}

it('keeps what a process did when it was young as sharp as it was', () => {
  const [young, old] = [lived(4), lived(24 * 3)];
  for (let at = 0; at < 48; at++) expect([old.ageS(at), old.bytes(at)]).toEqual([young.ageS(at), young.bytes(at)]);
});

it('keeps four days, a point at least every twenty minutes', () => {
  const history = lived(24 * 30);
  expect(history.count).toBe(324);
  for (let at = 1; at < history.count; at++)
    expect(history.ageS(at) - history.ageS(at - 1)).toBeLessThanOrEqual(2 * 1200);
  expect(history.ageS(323)).toBeLessThan(AgedHistory.keptS);
});

it('keeps measured points, the lowest of their stretch', () => {
  const rows = fc.tuple(fc.double({ min: 0, max: AgedHistory.keptS - 1, noNaN: true }), fc.nat());
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1 }), (unsorted) => {
      const history = new AgedHistory();
      const sorted = unsorted.toSorted(([a], [b]) => a - b);
      for (const [ageS, bytes] of sorted) history.add(ageS, bytes, Number.NaN);
      const kept = Array.from({ length: history.count }, (_, at) => [history.ageS(at), history.bytes(at)]);
      for (const point of kept) expect(sorted).toContainEqual(point);
      expect(Math.min(...kept.map(([, bytes]) => bytes))).toBe(Math.min(...sorted.map(([, bytes]) => bytes)));
      for (let at = 1; at < history.count; at++) expect(history.ageS(at)).toBeGreaterThan(history.ageS(at - 1));
    }),
  );
});

it('is what it was after it was saved, and refuses what is no life', () => {
  const history = lived(60);
  const saved = JSON.parse(JSON.stringify(history.save())) as number[];
  expect(AgedHistory.restore(saved)?.save()).toEqual(history.save());
  expect(AgedHistory.restore(saved.slice(1))).toBeNull();
  expect(AgedHistory.restore([100, 5, 1, 50, 5, 1])).toBeNull();
  expect(AgedHistory.restore([5 * 24 * HOUR, 5, 1])).toBeNull();
  expect(AgedHistory.restore(new Array<number>(3000).fill(1))).toBeNull();
});
