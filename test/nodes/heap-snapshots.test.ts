// Each Node writes a snapshot, and the same Node reads it with what is shipped (dist/): columns and strings are held
// against JSON.parse of the file.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const heap = new URL('../../packages/heap/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'ebb-formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs on the Node under test: reads the file that it is given and prints what it found. */
const reader = `
import { createHash } from 'node:crypto';
import { parseSnapshot } from '${new URL('dist/parse/parse-snapshot.js', heap).href}';
import { buildGraph } from '${new URL('dist/graph/heap-graph.js', heap).href}';
import { computeDominators, retainedSizes } from '${new URL('dist/graph/dominators.js', heap).href}';
const hash = (numbers) => createHash('sha256').update(Uint32Array.from(numbers)).digest('hex');
const parsed = parseSnapshot(process.argv[1], undefined, 65536);
// Before the graph gives names to references that V8 has numbered.
const edges = [parsed.edgeType, parsed.edgeName, parsed.edgeTo].map(hash);
const graph = buildGraph(parsed);
const tree = computeDominators(graph);
const { strings } = graph;
const texts = createHash('sha256');
for (let at = 0; at < strings.length; at++) texts.update(JSON.stringify(strings.get(at)));
console.log(JSON.stringify({
  version: process.versions.node,
  counts: [graph.nodeCount, graph.edgeCount, strings.length, graph.locations.length / 4],
  nodes: [graph.nodeType, graph.nodeName, graph.nodeId, graph.nodeSelfSize].map(hash),
  edges,
  strings: texts.digest('hex'),
  inTree: new Set(tree.order).size,
  retainedByRootBytes: retainedSizes(graph, tree)[0],
  globals: [...graph.edgeType.subarray(0, graph.firstEdge[1])].filter((type) => type === graph.edgeTypes.shortcut).length,
  unknownTypes: Object.entries({ ...graph.nodeTypes, ...graph.edgeTypes }).filter(([, at]) => at < 0).map(([name]) => name),
}));
`;

interface SnapshotFile {
  snapshot: { meta: Record<string, string[]>; node_count: number; edge_count: number };
  nodes: number[];
  edges: number[];
  locations: number[];
  strings: string[];
}

const hash = (numbers: number[]): string => createHash('sha256').update(Uint32Array.from(numbers)).digest('hex');

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test('a snapshot is read as JSON.parse reads it, and every node is in the dominator tree', () => {
    const file = join(folder, `${String(major)}.heapsnapshot`);
    execFileSync(node, [fileURLToPath(new URL('src/fixtures/varied-heap.cjs', heap)), file], { stdio: 'ignore' });
    const output = execFileSync(node, ['--input-type=module', '-e', reader, file], { encoding: 'utf8' });
    const told = JSON.parse(output) as Record<string, unknown>;

    const { snapshot, nodes, edges, locations, strings } = JSON.parse(readFileSync(file, 'utf8')) as SnapshotFile;
    const { node_fields: nodeFields, edge_fields: edgeFields, location_fields: locationFields } = snapshot.meta;
    const column = (values: number[], fields: string[], name: string): number[] => {
      const column: number[] = [];
      for (let at = fields.indexOf(name); at < values.length; at += fields.length) column.push(values[at]);
      return column;
    };
    const texts = createHash('sha256');
    for (const text of strings) texts.update(JSON.stringify(text));
    const sizes = column(nodes, nodeFields, 'self_size');
    expect(told).toEqual({
      version: expect.stringMatching(new RegExp(`^${String(major)}\\.`)),
      counts: [snapshot.node_count, snapshot.edge_count, strings.length, locations.length / locationFields.length],
      nodes: ['type', 'name', 'id', 'self_size'].map((name) => hash(column(nodes, nodeFields, name))),
      edges: [
        hash(column(edges, edgeFields, 'type')),
        hash(column(edges, edgeFields, 'name_or_index')),
        hash(column(edges, edgeFields, 'to_node').map((index) => index / nodeFields.length)),
      ],
      strings: texts.digest('hex'),
      inTree: snapshot.node_count,
      retainedByRootBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      globals: expect.toSatisfy((count: number) => count > 0),
      unknownTypes: [],
    });
    expect(snapshot.node_count).toBeGreaterThan(50_000);
  });
});
