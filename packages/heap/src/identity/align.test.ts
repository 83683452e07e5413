import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { align, type Likeness } from './align.ts';

interface Element {
  kind: string;
  text?: string;
}

/** The pairs as [kind and text of the older, of the newer], by place. */
function pairs(older: Element[], newer: Element[], isKeyed = false): [number, number][] {
  const numbers = new Map<string, number>();
  const keyOf = ({ text }: Element): number => {
    if (text === undefined) return -1;
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text)!;
  };
  const likeness: Likeness = {
    isLike: (one, other) => older[one].kind === newer[other].kind && older[one].text === newer[other].text,
    olderKey: (at) => keyOf(older[at]),
    newerKey: (at) => keyOf(newer[at]),
    isOlderKey: (at) => isKeyed && older[at].text !== undefined,
    isNewerKey: (at) => isKeyed && newer[at].text !== undefined,
  };
  const found: [number, number][] = [];
  const places = (list: Element[]): number[] => list.map((_, at) => at);
  align(places(older), places(newer), likeness, (one, other) => found.push([one, other]));
  return found.sort(([a], [b]) => a - b);
}

const text = (value: string): Element => ({ kind: 'string', text: value });
const object: Element = { kind: 'Session' };

describe('align', () => {
  test('what was added behind the others is new', () => {
    expect(pairs([object, object], [object, object, object])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test('entries of a map whose first ones went are found by their keys, and values by the keys before them', () => {
    const entries = (names: string[]): Element[] => names.flatMap((name) => [text(name), object]);
    expect(pairs(entries(['a', 'b', 'c']), entries(['b', 'c', 'd']))).toEqual([
      [2, 0],
      [3, 1],
      [4, 2],
      [5, 3],
    ]);
  });

  test('of entries, what another key has now is another value, and values without a key go by their order', () => {
    const entries = (names: (string | null)[]): Element[] =>
      names.flatMap((name) => (name === null ? [object] : [text(name), object]));
    expect(pairs(entries(['a', 'b', 'c']), entries(['x', 'b', 'y', 'z']), true)).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(pairs(entries([null, 'a', null]), entries(['x', null, null]), true)).toEqual([
      [0, 2],
      [3, 3],
    ]);
    expect(pairs(entries([null, null, 'a']), entries([null, null, 'x']), true)).toHaveLength(2);
    expect(pairs(entries(['a', 'b']), entries(['x', 'y']))).toHaveLength(2);
  });

  test('texts in another order, as in a hash table that was made anew, are found all the same', () => {
    expect(pairs(['a', 'b', 'c', 'd'].map(text), ['d', 'x', 'a', 'c', 'b'].map(text))).toEqual([
      [0, 2],
      [1, 4],
      [2, 3],
      [3, 0],
    ]);
  });

  test('something of another kind in between is stepped over', () => {
    const hole: Element = { kind: 'hole' };
    expect(pairs([object, hole, object], [hole, object, object])).toHaveLength(2);
  });

  test('of lists with keys, whatever stays is found, nothing twice, and nothing that is not alike', () => {
    const names = fc.uniqueArray(fc.nat(400).map(String), { maxLength: 60 });
    fc.assert(
      fc.property(names, names, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (before, others, stays) => {
        const kept = before.filter((_, at) => stays[at]);
        const added = others.filter((name) => !before.includes(name));
        const [older, newer] = [before.map(text), [...kept, ...added].map(text)];
        const found = pairs(older, newer);
        expect(found.map(([one]) => older[one].text).sort()).toEqual([...kept].sort());
        expect(new Set(found.map(([, other]) => other)).size).toBe(found.length);
        for (const [one, other] of found) expect(older[one]).toEqual(newer[other]);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('of any lists, no element is paired twice, and only what is alike', () => {
    const element = fc.oneof(
      fc.constantFrom('a', 'b').map((kind): Element => ({ kind })),
      fc.constantFrom('x', 'y', 'z').map(text),
    );
    const list = fc.array(element, { maxLength: 30 });
    fc.assert(
      fc.property(list, list, fc.boolean(), (older, newer, isKeyed) => {
        const found = pairs(older, newer, isKeyed);
        for (const [one, other] of found) expect(older[one]).toEqual(newer[other]);
        expect(new Set(found.map(([one]) => one)).size).toBe(found.length);
        expect(new Set(found.map(([, other]) => other)).size).toBe(found.length);
      }),
      { numRuns: 300, seed: 8 },
    );
  });
});
