import { afterAll, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { buildGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** A scope with variables of these names, of which some hold an object: by its class, or a function by its name. */
function namesIn(
  variables: readonly string[],
  held: readonly (string | { closure: string })[],
  more: EdgeSpec[] = [],
): string[] {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, type: 'object', name: 'system / Context' },
    { id: 5, type: 'code', name: 'system / ScopeInfo' },
    { id: 7, type: 'object', name: 'Other' },
    ...variables.map((name, at) => ({ id: 101 + 2 * at, type: 'string' as const, name })),
    ...held.map((what, at) =>
      typeof what === 'string'
        ? { id: 201 + 2 * at, type: 'object' as const, name: what }
        : { id: 201 + 2 * at, type: 'closure' as const, name: what.closure },
    ),
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 1 },
    { from: 3, to: 5, type: 'internal', name: 'scope_info' },
    ...held.map((_, at) => ({ from: 3, to: 201 + 2 * at, type: 'hidden' as const, name: at })),
    ...variables.map((_, at) => ({ from: 5, to: 101 + 2 * at, type: 'hidden' as const, name: at })),
    ...more,
  ];
  const graph = buildGraph(parseSnapshot(folder.write(buildSnapshot({ nodes, edges }))));
  const found: string[] = [];
  for (let edge = graph.firstEdge[1]; edge < graph.firstEdge[2]; edge++) {
    if (graph.edgeType[edge] === graph.edgeTypes.context) found.push(graph.strings.get(graph.edgeName[edge]));
    else if (graph.edgeType[edge] === graph.edgeTypes.hidden) found.push('');
  }
  return found;
}

test('as many references as variables: each has its name', () => {
  expect(namesIn(['kept', 'keep'], ['Set', { closure: 'keep' }])).toEqual(['kept', 'keep']);
});

test('a variable without an object: named is what stands as often on both sides of functions', () => {
  const held = ['Set', { closure: 'keep' }, 'Map', { closure: 'find' }];
  expect(namesIn(['kept', 'keep', 'undefinedYet', 'byId', 'find'], held)).toEqual(['kept', 'keep', '', 'find']);
});

test('nothing is named where it is not sure', () => {
  expect(namesIn(['first', 'kept'], ['Set'])).toEqual(['']);
  expect(namesIn([], ['Set'])).toEqual(['']);
});

test('a function that is called as an earlier variable is no anchor', () => {
  expect(namesIn(['keep', 'other', 'last'], ['Set', 'Map', { closure: 'keep' }])).toEqual(['keep', 'other', 'last']);
});

test('the scope of a function keeps the names that V8 gave', () => {
  expect(namesIn(['kept'], ['Set'], [{ from: 3, to: 7, type: 'context', name: 'mine' }])).toEqual(['', 'mine']);
});
