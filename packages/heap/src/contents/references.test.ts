import { afterAll, expect, test } from 'vitest';
import { openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import { References } from './references.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** A string that is held from `Store` by a chain of owners: class and reference of each, from the top down. */
function heldBy(...chain: { to: string; type?: NodeSpec['type']; edge: Omit<EdgeSpec, 'from' | 'to'> }[]): string {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, name: 'Store', selfSize: 8 },
    { id: 5, type: 'code', name: '(constant pool)', selfSize: 8 },
    { id: 7, type: 'string', name: 'city', selfSize: 8 },
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 0 },
    { from: 1, to: 5, type: 'element', name: 1 },
    { from: 5, to: 7, type: 'internal', name: '1' }, // a word of the program's code
  ];
  chain.forEach(({ to, type, edge }, at) => {
    nodes.push({ id: 11 + 2 * at, name: to, selfSize: 8, ...(type === undefined ? {} : { type }) });
    edges.push({ from: at === 0 ? 3 : 9 + 2 * at, to: 11 + 2 * at, ...edge });
  });
  const heap = openSpec(folder, { nodes, edges });
  return new References(heap).labelOf(heap.graph.nodeCount - 1);
}

const text = { to: 'SECRET text', type: 'string' } as const;

test('a property of an object with a class is told by both', () => {
  expect(heldBy({ ...text, edge: { name: 'role' } })).toBe('Store.role');
});

test('plain objects, arrays and maps between are looked through, stores not told', () => {
  expect(
    heldBy(
      { to: 'Map', edge: { name: 'sessions' } },
      { to: '', type: 'array', edge: { type: 'internal', name: 'table' } },
      { to: 'Object', edge: { type: 'internal', name: '5' } },
      { to: 'Array', edge: { name: 'city' } },
      { to: '', type: 'array', edge: { type: 'internal', name: 'elements' } },
      { ...text, edge: { type: 'internal', name: '0' } },
    ),
  ).toBe('Store.sessions[key].city[]');
});

test("a plain object's key is told only where the program's code says it", () => {
  expect(heldBy({ to: 'Object', edge: { name: 'byUser' } }, { ...text, edge: { name: 'city' } })).toBe(
    'Store.byUser.city',
  );
  expect(heldBy({ to: 'Object', edge: { name: 'byUser' } }, { ...text, edge: { name: 'SECRET_user' } })).toBe(
    'Store.byUser[key]',
  );
});

test("a scope's variable is told by its name, and what only V8 holds is called so", () => {
  expect(
    heldBy({ to: 'system / Context', edge: { name: 'scope' } }, { ...text, edge: { type: 'context', name: 'seen' } }),
  ).toBe('seen');
  expect(
    heldBy(
      { to: 'system / Script', type: 'code', edge: { type: 'internal', name: 'script' } },
      { ...text, edge: { type: 'internal', name: 'source' } },
    ),
  ).toBe("V8's and Node's own");
});

test('objects that are held alike have one way, others have another', () => {
  const nodes: NodeSpec[] = [{ id: 1, type: 'synthetic' }];
  const edges: EdgeSpec[] = [];
  const add = (owner: string, name: string): number => {
    const id = nodes.length * 2 + 1;
    nodes.push({ id, name: owner, selfSize: 8 }, { id: id + 2, type: 'string', name: 'text', selfSize: 8 });
    edges.push({ from: 1, to: id, type: 'element', name: id }, { from: id, to: id + 2, name });
    return nodes.length - 1;
  };
  const [a, b, c, d] = [add('A', 'p'), add('A', 'p'), add('A', 'q'), add('B', 'p')];
  const references = new References(openSpec(folder, { nodes, edges }));
  expect(references.wayOf(a)).toBe(references.wayOf(b));
  expect(new Set([a, c, d].map((node) => references.wayOf(node))).size).toBe(3);
});
