import { afterAll, describe, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable, contextsOf } from './class-table.ts';
import type { ExtraGlobal } from './contents.ts';
import { describeExtraGlobals } from './extra-globals.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const globalsOf = (heap: OpenedHeap): ExtraGlobal[] =>
  describeExtraGlobals(heap, contextsOf(heap.graph, classTable(heap)).globals);

const [OWN, OWN_OBJECT, MODULE, APP, SANDBOX, SCOPE, SCOPE_OBJECT, PROXY, BUILT_IN] = [3, 5, 7, 9, 11, 13, 15, 17, 19];

/** A program whose `sandbox` holds a global scope of vm, with a kilobyte of built-in functions. */
function vmProgram(): Required<Pick<SnapshotSpec, 'nodes' | 'edges'>> {
  const edges: EdgeSpec[] = [
    { from: 1, to: OWN_OBJECT, type: 'shortcut', name: '1' },
    { from: OWN, to: OWN_OBJECT, type: 'internal', name: 'extension' },
    { from: OWN_OBJECT, to: OWN, type: 'internal', name: 'native_context' },
    { from: MODULE, to: OWN, type: 'internal', name: 'previous' },
    { from: OWN_OBJECT, to: MODULE, name: 'main' },
    { from: MODULE, to: APP, type: 'context', name: 'app' },
    { from: APP, to: SANDBOX, name: 'sandbox' },
    { from: SANDBOX, to: SCOPE, type: 'internal', name: 'context' },
    { from: SCOPE, to: SCOPE_OBJECT, type: 'internal', name: 'extension' },
    { from: SCOPE_OBJECT, to: PROXY, type: 'internal', name: 'global_proxy' },
    { from: SCOPE_OBJECT, to: BUILT_IN, name: 'Uint32Array' },
    { from: BUILT_IN, to: SCOPE, type: 'internal', name: 'context' },
  ];
  for (let id = 21; id < 41; id += 2) edges.push({ from: OWN_OBJECT, to: id, name: `f${String(id)}` });
  for (let id = 21; id < 41; id += 2) edges.push({ from: id, to: OWN, type: 'internal', name: 'context' });
  return {
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: OWN, type: 'hidden', name: 'system / NativeContext', selfSize: 8 },
      { id: OWN_OBJECT, name: 'global', selfSize: 8 },
      { id: MODULE, name: 'system / Context', selfSize: 8 },
      { id: APP, name: 'App', selfSize: 8 },
      { id: SANDBOX, name: 'Object', selfSize: 8 },
      { id: SCOPE, type: 'hidden', name: 'system / NativeContext', selfSize: 100 },
      { id: SCOPE_OBJECT, name: 'Object', selfSize: 20 },
      { id: PROXY, name: 'global', selfSize: 3 },
      { id: BUILT_IN, type: 'closure', name: 'Uint32Array', selfSize: 1000 },
      ...Array.from({ length: 10 }, (_, at) => ({ id: 21 + 2 * at, type: 'closure' as const, name: 'f' })),
    ],
    edges,
  };
}

const told = { retainedBytes: 1123, nodeId: SCOPE, path: [{ edge: 'app' }, { edge: 'sandbox' }] };

test('a global scope of vm is told with what it keeps and what of the program holds it', () => {
  expect(globalsOf(openSpec(folder, vmProgram()))).toMatchObject([told]);
});

test('so it is where V8 itself holds the scope for a while: then the root refers to its global object as well', () => {
  const held = vmProgram();
  held.nodes.push(
    { id: 51, type: 'synthetic', name: '(GC roots)' },
    { id: 53, type: 'synthetic', name: '(Handle scope)' },
  );
  held.edges.push({ from: 1, to: SCOPE_OBJECT, type: 'shortcut', name: '2' });
  held.edges.push({ from: 1, to: 51, type: 'element', name: 1 }, { from: 51, to: 53, type: 'element', name: 1 });
  held.edges.push({ from: 53, to: SCOPE, type: 'internal', name: '1' });
  expect(globalsOf(openSpec(folder, held))).toMatchObject([told]);
});

describe('in a real program', () => {
  test('the context of vm beside the own, and what keeps it', () => {
    const globals = globalsOf(openProgram(folder, 'contents.cjs'));
    expect(globals).toHaveLength(1);
    expect(globals[0].retainedBytes).toBeGreaterThan(50_000);
    expect(globals[0].path.some(({ edge }) => edge === 'sandbox')).toBe(true);
    expect(globals[0].path.some(({ edge }) => edge === '__proto__')).toBe(false);
  });
});

test('a program without vm has no global scope but its own', () => {
  const { nodes, edges } = vmProgram();
  const isOfVm = (id: number): boolean => id >= SCOPE && id <= BUILT_IN;
  const own = nodes.filter(({ id }) => !isOfVm(id));
  const ownEdges = edges.filter(({ from, to }) => !isOfVm(from) && !isOfVm(to));
  expect(globalsOf(openSpec(folder, { nodes: own, edges: ownEdges }))).toEqual([]);
});
