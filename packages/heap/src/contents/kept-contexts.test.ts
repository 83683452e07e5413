import { afterAll, describe, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable, contextsOf } from './class-table.ts';
import type { KeptContext } from './contents.ts';
import { describeKeptContexts, findKeptScopes } from './kept-contexts.ts';
import { retainedByClass } from './retained-by-class.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

function describeIn(heap: OpenedHeap): KeptContext[] {
  const { graph } = heap;
  const scopes = findKeptScopes(heap, contextsOf(graph, classTable(heap)).scopes);
  if (scopes.classCount === 0) return [];
  return describeKeptContexts(heap, scopes, retainedByClass(heap, scopes));
}

/**
 * A module's scope with `closures` functions of one inner scope, which holds a large `report` and a small `total`. Each
 * function has a place in src/app.js.
 */
function scopeWith(closures: number): Required<SnapshotSpec> {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, type: 'hidden', name: 'system / NativeContext', selfSize: 8 },
    { id: 5, name: 'system / Context', selfSize: 40 },
    { id: 7, type: 'code', name: 'system / ScopeInfo', selfSize: 8 },
    { id: 9, name: 'system / Context', selfSize: 40 },
    { id: 11, type: 'code', name: 'system / ScopeInfo', selfSize: 8 },
    { id: 13, name: 'Report', selfSize: 500_000 },
    { id: 15, name: 'Object', selfSize: 32 },
    { id: 17, type: 'code', name: 'onTick', selfSize: 8 },
    { id: 19, type: 'code', name: 'system / Script', selfSize: 8 },
    { id: 21, type: 'string', name: '/srv/src/app.js', selfSize: 32 },
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 1 },
    { from: 5, to: 7, type: 'internal', name: 'scope_info' },
    { from: 5, to: 3, type: 'internal', name: 'previous' },
    { from: 9, to: 11, type: 'internal', name: 'scope_info' },
    { from: 9, to: 5, type: 'internal', name: 'previous' },
    { from: 11, to: 7, type: 'internal', name: 'outer_scope_info' },
    { from: 9, to: 13, type: 'context', name: 'report' },
    { from: 9, to: 15, type: 'context', name: 'total' },
    { from: 17, to: 19, type: 'internal', name: 'script' },
    { from: 19, to: 21, type: 'internal', name: 'name' },
  ];
  const locations = [];
  for (let at = 0; at < closures; at++) {
    const id = 31 + 2 * at;
    nodes.push({ id, type: 'closure', name: `onTick${at}`, selfSize: 64 });
    edges.push({ from: 1, to: id, type: 'element', name: 2 + at });
    edges.push({ from: id, to: 9, type: 'internal', name: 'context' });
    edges.push({ from: id, to: 17, type: 'internal', name: 'shared' });
    locations.push({ node: id, scriptId: 7, line: 10 + at, column: 2 });
  }
  return { nodes, edges, locations };
}

test('a scope that one function keeps is told with the function, its place, and what its variables hold', () => {
  const [told, ...others] = describeIn(openSpec(folder, scopeWith(1)));
  expect(others).toEqual([]);
  expect(told).toMatchObject({
    contexts: 1,
    nodeId: 9,
    closures: [{ name: 'onTick0', location: { file: '/srv/src/app.js', line: 11, column: 3 } }],
    variables: [
      { name: 'report', type: 'Report', retainedBytes: 500_000 },
      { name: 'total', type: 'Object', retainedBytes: 32 },
    ],
  });
  expect(told.retainedBytes).toBeGreaterThanOrEqual(500_072);
  expect(told.path.at(-1)).toMatchObject({ type: 'function onTick0' });
});

test('a variable that something else holds as well is told with nothing: it would stay', () => {
  const spec = scopeWith(1);
  spec.nodes.push({ id: 99, name: 'Index', selfSize: 900_000 });
  spec.edges.push({ from: 1, to: 99, type: 'element', name: 50 }, { from: 9, to: 99, type: 'context', name: 'index' });
  const [told] = describeIn(openSpec(folder, spec));
  expect(told.variables.map(({ name, retainedBytes }) => [name, retainedBytes])).toEqual([
    ['report', 500_000],
    ['total', 32],
    ['index', 0],
  ]);
});

test('a function that stands in no other scope is known by its name', () => {
  const spec = scopeWith(1);
  spec.edges = spec.edges.filter(({ from, to }) => !(from === 9 && to === 5) && from !== 11);
  spec.edges.push({ from: 9, to: 3, type: 'internal', name: 'previous' });
  for (const node of spec.nodes) if (node.id === 9) node.selfSize = 8 * (4 + 2); // two variables
  spec.nodes.push({ id: 97, type: 'string', name: 'subscribe', selfSize: 24 });
  const named: EdgeSpec = { from: 11, to: 97, type: 'hidden', name: 2 };
  expect(describeIn(openSpec(folder, { ...spec, edges: [...spec.edges, named] }))).toHaveLength(1);
  // A module's description names its imports and exports behind that.
  expect(describeIn(openSpec(folder, { ...spec, edges: [...spec.edges, { ...named, name: 3 }] }))).toEqual([]);
  for (const node of spec.nodes) if (node.id === 97) node.name = '';
  expect(describeIn(openSpec(folder, { ...spec, edges: [...spec.edges, named] }))).toEqual([]);
});

describe('nothing is said', () => {
  test('of a scope that many functions keep', () => {
    expect(describeIn(openSpec(folder, scopeWith(3)))[0].closures).toHaveLength(3);
    expect(describeIn(openSpec(folder, scopeWith(4)))).toEqual([]);
  });

  test('of a scope that anything but functions holds: it may still run', () => {
    const spec = scopeWith(1);
    spec.nodes.push({ id: 99, name: 'Generator', selfSize: 8 });
    spec.edges.push({ from: 1, to: 99, type: 'element', name: 50 });
    spec.edges.push({ from: 99, to: 9, type: 'internal', name: 'context' });
    expect(describeIn(openSpec(folder, spec))).toEqual([]);
  });

  test("of a module's own scope, and of small ones", () => {
    const ofModule = scopeWith(1);
    for (const edge of ofModule.edges) if (edge.type === 'context') edge.from = 5;
    expect(describeIn(openSpec(folder, ofModule))).toEqual([]);
    const small = scopeWith(1);
    for (const node of small.nodes) if (node.name === 'Report') node.selfSize = 5000;
    expect(describeIn(openSpec(folder, small))).toEqual([]);
  });

  test("of Node's own functions", () => {
    const spec = scopeWith(1);
    for (const node of spec.nodes) if (node.type === 'string') node.name = 'node:internal/timers';
    expect(describeIn(openSpec(folder, spec))).toEqual([]);
  });
});

test('scopes of one function that hold each other in a chain count once', () => {
  const spec = scopeWith(1);
  for (let at = 0; at < 50; at++) {
    const [closure, context] = [201 + 10 * at, 203 + 10 * at];
    const above = at === 0 ? 9 : context - 10;
    spec.nodes.push({ id: closure, type: 'closure', name: 'onTick', selfSize: 64 });
    spec.nodes.push({ id: context, name: 'system / Context', selfSize: 10_000 });
    spec.edges.push({ from: above, to: closure, type: 'context', name: 'before' });
    spec.edges.push({ from: closure, to: context, type: 'internal', name: 'context' });
    spec.edges.push({ from: context, to: 11, type: 'internal', name: 'scope_info' });
    spec.edges.push({ from: context, to: 5, type: 'internal', name: 'previous' });
  }
  const heap = openSpec(folder, spec);
  const [told] = describeIn(heap);
  expect(told.contexts).toBe(51);
  const outermost = [...heap.graph.nodeId].indexOf(9);
  expect(told.retainedBytes).toBe(heap.retained[outermost]);
});

describe('in a real program', () => {
  const heap = openProgram(folder, 'contents.cjs');

  test('the callback that keeps a report it does not use', () => {
    const told = describeIn(heap).find(({ closures }) => closures[0].name === 'onTick');
    expect(told).toMatchObject({
      contexts: 1,
      closures: [{ location: { line: 50 } }],
      variables: [{ name: 'report', type: 'Array' }, { name: 'total' }],
    });
    expect(told?.retainedBytes).toBeGreaterThan(700_000);
    expect(told?.path.at(-1)?.edge).toBe('onTick');
  });
});
