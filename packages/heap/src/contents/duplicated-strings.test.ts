import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import type { HeapContents } from './contents.ts';
import { describeDuplicatedStrings } from './duplicated-strings.ts';
import { References } from './references.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const describeIn = (heap: OpenedHeap): HeapContents['duplicatedStrings'] =>
  describeDuplicatedStrings(heap, new References(heap));

/** Strings, each the property `name` of an object of `owner`. */
function stringsOf(...strings: { text: string; selfSize: number; owner: string; name: string }[]): OpenedHeap {
  const nodes: NodeSpec[] = [{ id: 1, type: 'synthetic' }];
  const edges: EdgeSpec[] = [];
  strings.forEach(({ text, selfSize, owner, name }, at) => {
    nodes.push({ id: 4 * at + 3, name: owner, selfSize: 16 });
    nodes.push({ id: 4 * at + 5, type: 'string', name: text, selfSize });
    edges.push({ from: 1, to: 4 * at + 3, type: 'element', name: at });
    edges.push({ from: 4 * at + 3, to: 4 * at + 5, name });
  });
  return openSpec(folder, { nodes, edges });
}

test('copies of one text are told with their waste and with the references that hold them, the most first', () => {
  const session = { text: 'admin', selfSize: 24, owner: 'Session', name: 'role' };
  const user = { text: 'admin', selfSize: 24, owner: 'User', name: 'kind' };
  const { wastedBytes, groups, references } = describeIn(
    stringsOf(session, user, session, { ...session, text: 'guest' }, session),
  );
  expect(wastedBytes).toBe(72);
  expect(groups).toEqual([
    {
      copies: 4,
      bytesEach: 24,
      wastedBytes: 72,
      heldBy: [
        { reference: 'Session.role', copies: 3 },
        { reference: 'User.kind', copies: 1 },
      ],
      nodeId: 5,
      certain: true,
    },
  ]);
  expect(references).toEqual([
    { reference: 'Session.role', copies: 3, texts: 1, wastedBytes: 54 },
    { reference: 'User.kind', copies: 1, texts: 1, wastedBytes: 18 },
  ]);
});

test('one beginning in two sizes is two texts; one size with a text that is cut off is not certain to be equal', () => {
  const cut = { text: 'L'.repeat(1024), selfSize: 3024, owner: 'Page', name: 'html' };
  const { groups } = describeIn(
    stringsOf(
      cut,
      { ...cut, selfSize: 5024 },
      cut,
      { ...cut, text: 'whole', selfSize: 24 },
      {
        ...cut,
        text: 'whole',
        selfSize: 24,
      },
    ),
  );
  expect(groups.map(({ copies, bytesEach, certain }) => ({ copies, bytesEach, certain }))).toEqual([
    { copies: 2, bytesEach: 3024, certain: false },
    { copies: 2, bytesEach: 24, certain: true },
  ]);
});

test('what V8 writes without a size, or in parts, is no copy', () => {
  const heap = openSpec(folder, {
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: 3, type: 'string', name: 'same', selfSize: 0 },
      { id: 5, type: 'string', name: 'same', selfSize: 24 },
      { id: 7, type: 'concatenated string', name: 'same', selfSize: 32 },
      { id: 9, type: 'sliced string', name: 'same', selfSize: 32 },
    ],
    edges: [3, 5, 7, 9].map((to) => ({ from: 1, to, type: 'element' as const, name: to })),
  });
  expect(describeIn(heap)).toEqual({ wastedBytes: 0, groups: [], references: [] });
});

test('on random heaps the waste is what a count by text and size says', () => {
  const strings = fc.array(
    fc.record({
      text: fc.constantFrom('a', 'b', 'c', 'd'),
      selfSize: fc.constantFrom(0, 16, 24),
      owner: fc.constantFrom('A', 'B'),
      name: fc.constantFrom('p', 'q'),
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(strings, (specs) => {
      const copies = new Map<string, { count: number; size: number }>();
      for (const { text, selfSize } of specs) {
        const key = `${text} ${String(selfSize)}`;
        copies.set(key, { count: (copies.get(key)?.count ?? 0) + 1, size: selfSize });
      }
      const wasted = [...copies.values()].reduce((sum, { count, size }) => sum + (count - 1) * size, 0);
      const told = describeIn(stringsOf(...specs));
      expect(told.wastedBytes).toBe(wasted);
      expect(told.groups.reduce((sum, group) => sum + group.wastedBytes, 0)).toBe(wasted);
      for (const { copies: all, heldBy } of told.groups)
        expect(heldBy.reduce((sum, each) => sum + each.copies, 0)).toBe(all);
    }),
  );
});

describe('in a program', () => {
  const told = describeIn(openProgram(folder, 'contents.cjs'));

  test('the references that hold copies are told by class and property', () => {
    const bySession = told.references.filter(({ reference }) => reference.startsWith('Session.'));
    expect(bySession.map(({ reference, copies, texts }) => ({ reference, copies, texts }))).toEqual([
      { reference: 'Session.tags[]', copies: 3000, texts: 2 },
      { reference: 'Session.role', copies: 3000, texts: 3 },
    ]);
    expect(bySession[1].wastedBytes).toBe(2997 * 32);
    const group = told.groups.find(({ heldBy }) => heldBy[0].reference === 'Session.role');
    expect(group).toMatchObject({ copies: 1000, bytesEach: 32, certain: true });
  });

  test('long texts that the snapshot cuts are not said to be equal, and no text is told', () => {
    const long = told.groups.find(({ heldBy }) => heldBy[0].reference.endsWith('long[]'));
    expect(long).toMatchObject({ copies: 2, bytesEach: 3024, certain: false });
    expect(JSON.stringify(told)).not.toMatch(/SECRET|LLL/);
  });
});
