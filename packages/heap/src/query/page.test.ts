import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeapError } from '../errors/heap-error.ts';
import { heaviestPage, pageOf } from './page.ts';

test('a page of the heaviest is the part of a list that was sorted whole, equals in their order', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
  const property = fc.property(weights, fc.nat(30), fc.integer({ min: 1, max: 20 }), (list, offset, limit) => {
    const items = list.map((_, at) => at);
    const sorted = items.toSorted((a, b) => list[b] - list[a] || a - b);
    const page = heaviestPage(
      items,
      (item) => list[item],
      { offset, limit },
      (item) => item,
    );
    expect(page.rows).toEqual(sorted.slice(offset, offset + limit));
    expect(page.total).toBe(list.length);
    expect(page.next).toBe(offset + limit < list.length ? offset + limit : null);
  });
  fc.assert(property, { seed: 20, numRuns: 500 });
});

test('pages one after another are the whole list, each row once', () => {
  const items = Array.from({ length: 103 }, (_, at) => at);
  const seen: number[] = [];
  for (let offset: number | null = 0; offset !== null;) {
    const page: { rows: number[]; next: number | null } = pageOf(items, { offset, limit: 10 }, (item) => item);
    seen.push(...page.rows);
    offset = page.next;
  }
  expect(seen).toEqual(items);
});

test.each([{ offset: -1 }, { offset: 0.5 }, { limit: 0 }, { limit: 1001 }, { limit: Number.NaN }])(
  'rows that there cannot be are refused: %o',
  (query) => {
    expect(() => pageOf([1], query, (item) => item)).toThrow(HeapError);
    expect(() => pageOf([1], query, (item) => item)).toThrow(/Give|give|between/);
  },
);
