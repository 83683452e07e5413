import { chmodSync, mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { HeapError } from '../errors/heap-error.ts';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { SnapshotDocument, SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from './parse-snapshot.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const spec: SnapshotSpec = {
  nodes: Array.from({ length: 20 }, (_, at) => ({ id: 2 * at + 1, name: `class ${String(at % 4)}`, selfSize: 8 * at })),
  edges: Array.from({ length: 19 }, (_, at) => ({ from: 2 * at + 1, to: 2 * at + 3, name: `edge "${String(at)}"` })),
  locations: [{ node: 5, scriptId: 77, line: 11, column: 0 }],
};

/** The error that reading the file ends with; fails where it is none of Ebb's. */
function errorOf(file: string, chunkBytes?: number): HeapError {
  try {
    parseSnapshot(file, undefined, chunkBytes);
  } catch (error) {
    if (error instanceof HeapError) return error;
    throw error;
  }
  throw new Error(`${file} was read without an error`);
}

const codeOf = (content: string | Uint8Array): string => errorOf(folder.write(content)).code;

const changed = (overrides: (document: SnapshotDocument) => void): string => buildSnapshot(spec, { overrides });

describe('files that cannot be read', () => {
  test('a missing file is named', () => {
    const error = errorOf(folder.path('gone.heapsnapshot'));
    expect(error.code).toBe('EBB_HEAP_FILE_NOT_FOUND');
    expect(error.message).toBe(
      `There is no file ${folder.path('gone.heapsnapshot')}. Check the name; a snapshot ends in .heapsnapshot.`,
    );
  });

  test('a directory is no file', () => {
    mkdirSync(folder.path('folder'));
    const error = errorOf(folder.path('folder'));
    expect([error.code, error.message]).toEqual([
      'EBB_HEAP_FILE_UNREADABLE',
      `${folder.path('folder')} is a directory. Name the .heapsnapshot files themselves.`,
    ]);
  });

  test('a device is refused', () => {
    expect(errorOf('/dev/zero').code).toBe('EBB_HEAP_FILE_UNREADABLE');
  });

  test('a file below a file, and one without permission, say so', () => {
    const file = folder.write('{}');
    expect(errorOf(`${file}/more`).code).toBe('EBB_HEAP_FILE_UNREADABLE');
    chmodSync(file, 0);
    const mayReadAnything = process.getuid?.() === 0;
    expect(errorOf(file).code).toBe(mayReadAnything ? 'EBB_HEAP_NOT_A_SNAPSHOT' : 'EBB_HEAP_FILE_UNREADABLE');
  });
});

describe('files that are no snapshots', () => {
  const others: Record<string, string | Uint8Array> = {
    'plain text': 'Hello\n',
    'binary data': Uint8Array.from({ length: 4096 }, (_, at) => (at * 7 + 0x7f) & 0xff),
    'a program that begins with a brace': '{ const a = 1; }',
    'an empty object': '{}',
    'an array': '[1,2,3]',
    'a package.json': JSON.stringify({ name: 'shop', version: '1.0.0', dependencies: {} }, undefined, 2),
    'a CPU profile': JSON.stringify({ nodes: [{ id: 1, callFrame: {} }], startTime: 1, endTime: 2, samples: [1] }),
    'a sampling heap profile': JSON.stringify({
      head: { callFrame: {}, selfSize: 0, id: 1, children: [] },
      samples: [],
    }),
    'a heap timeline of another kind': JSON.stringify({ snapshot: 'x', nodes: [] }),
    'an object with a snapshot in it that is none': JSON.stringify({ snapshot: { id: 1 } }),
    'null in place of the header': '{"snapshot":null}',
    'a key that is no string': '{1:2}',
    'a key with an escape that JSON lacks': '{"a\\qb":1}',
    'a key of two megabytes': `{"${'k'.repeat(2 << 20)}":1}`,
  };
  for (const [name, content] of Object.entries(others)) {
    test(`${name} is not a snapshot`, () => expect(codeOf(content)).toBe('EBB_HEAP_NOT_A_SNAPSHOT'));
  }

  test('the message says what a snapshot is and where one comes from', () => {
    const file = folder.write('{"name":"shop"}');
    expect(errorOf(file).message).toBe(
      `${file} is not a V8 heap snapshot: that begins with {"snapshot":{"meta":. One is made by \`ebb watch\`, v8.writeHeapSnapshot(), node --heapsnapshot-signal, or DevTools; CPU and sampling heap profiles are other things.`,
    );
  });
});

describe('snapshots of unknown formats', () => {
  const formats: Record<string, (document: SnapshotDocument) => void> = {
    'nodes without an id': ({ snapshot: { meta } }) => (meta.node_fields = meta.node_fields.filter((f) => f !== 'id')),
    'edges without a target': ({ snapshot: { meta } }) => (meta.edge_fields = ['type', 'name_or_index']),
    'fields that are no list': ({ snapshot: { meta } }) => Object.assign(meta, { node_fields: 'type' }),
    'types that are no list': ({ snapshot: { meta } }) => (meta.node_types = []),
    'types that are no names': ({ snapshot: { meta } }) => (meta.edge_types = [[1, 2]]),
    'counts that are no numbers': ({ snapshot }) => Object.assign(snapshot, { node_count: '20' }),
    'counts below nothing': ({ snapshot }) => (snapshot.edge_count = -1),
    'a hundred thousand fields': ({ snapshot: { meta } }) => meta.node_fields.push(...new Array<string>(1e5).fill('x')),
    'a thousand types': ({ snapshot: { meta } }) => (meta.node_types[0] = new Array<string>(1000).fill('x')),
  };
  for (const [name, overrides] of Object.entries(formats)) {
    test(`${name} are a format that Ebb does not know`, () => {
      expect(codeOf(changed(overrides))).toBe('EBB_HEAP_UNKNOWN_FORMAT');
    });
  }
});

describe('damaged snapshots', () => {
  type Damage = [message: string, damage: (document: SnapshotDocument) => unknown];
  const damages: Record<string, Damage> = {
    'no node': [
      'it has no nodes, not even a root',
      (document) => {
        document.snapshot.node_count = 0;
        document.nodes = [];
      },
    ],
    'fewer nodes than its header says': ['it has 20 nodes where', ({ snapshot }) => snapshot.node_count++],
    'more nodes than its header says': ['it has more nodes than the 19', ({ snapshot }) => snapshot.node_count--],
    'half a node': ['its nodes do not come in rows of 6', ({ nodes }) => void nodes.pop()],
    'fewer edges than its header says': ['its nodes have 19 edges', ({ snapshot }) => snapshot.edge_count++],
    'more edges than its header says': ['its nodes have 19 edges', ({ snapshot }) => snapshot.edge_count--],
    'nodes with more edges than there are': ['its nodes have 20 edges', ({ nodes }) => nodes[4]++],
    'fewer edges than its nodes say': ['it has 18 edges where', ({ edges }) => void edges.splice(0, 3)],
    'more edges than its nodes say': ['it has more edges than the 19', ({ edges }) => void edges.push(2, 1, 0)],
    'half an edge': ['its edges do not come in rows of 3', ({ edges }) => void edges.pop()],
    'an edge to beyond the last node': ['edge 0 leads to no node', ({ edges }) => (edges[2] = 6 * 20)],
    'an edge to between two nodes': ['edge 1 leads to no node', ({ edges }) => (edges[5] = 7)],
    'an edge to far away': ['edge 0 leads to no node', ({ edges }) => (edges[2] = 2 ** 40)],
    'a node named by no string': ['node 0 is named by string', ({ nodes, strings }) => (nodes[1] = strings.length)],
    'an edge named by no string': ['edge 0 is named by string', ({ edges, strings }) => (edges[1] = strings.length)],
    'a node of no type': ['node 0 is of type 15, of 15', ({ nodes }) => (nodes[0] = 15)],
    'a node of a type that overflows a byte': ['node 0 is of type 256, of 15', ({ nodes }) => (nodes[0] = 256)],
    'an edge of no type': ['edge 0 is of type 7, of 7', ({ edges }) => (edges[0] = 7)],
    'a negative size': ['found "-" among the numbers of its nodes', ({ nodes }) => (nodes[3] = -8)],
    'half a byte': ['found "." among the numbers of its nodes', ({ nodes }) => (nodes[3] = 8.5)],
    'a size in powers of ten': ['found "e" among the numbers of its nodes', ({ nodes }) => (nodes[3] = 1e30)],
    'a word among its numbers': ['found "\\"" among the numbers', ({ nodes }) => Object.assign(nodes, { 3: 'x' })],
    'a list among its numbers': ['found "[" among the numbers', ({ edges }) => Object.assign(edges, { 1: [1] })],
    'nothing among its numbers': ['found "n" among the numbers', ({ nodes }) => (nodes[3] = NaN)],
    'a location of no node': ['a location belongs to no node', ({ locations }) => (locations![0] = 6 * 20)],
    'a location of half a node': ['a location belongs to no node', ({ locations }) => (locations![0] = 7)],
    'half a location': ['its locations do not come in rows of 4', ({ locations }) => void locations!.pop()],
    'a number among its strings': ['expected "\\"" in its strings', ({ strings }) => Object.assign(strings, { 1: 5 })],
    'no nodes': ['it has no "nodes"', (document) => void Reflect.deleteProperty(document, 'nodes')],
    'no edges': ['it has no "edges"', (document) => void Reflect.deleteProperty(document, 'edges')],
    'no strings': ['it has no "strings"', (document) => void Reflect.deleteProperty(document, 'strings')],
    'an object of nodes': ['expected "[" in its nodes', (document) => Object.assign(document, { nodes: {} })],
    'strings that are null': ['expected "[" in its strings', (document) => Object.assign(document, { strings: null })],
  };
  for (const [name, [message, overrides]] of Object.entries(damages)) {
    test(`a snapshot with ${name} is damaged, and the message says so`, () => {
      const error = errorOf(folder.write(changed(overrides)));
      expect([error.code, error.message]).toEqual(['EBB_HEAP_CORRUPT', expect.stringContaining(message)]);
    });
  }

  test('a number of a thousand digits is no size of anything, and no harm', () => {
    const text = buildSnapshot(spec);
    const huge = '9'.repeat(1000);
    expect(codeOf(text.replace('"edges":[2,', `"edges":[${huge},`))).toBe('EBB_HEAP_CORRUPT');
    const edgeTo = /"edges":\[\d+,\d+,\d+/.exec(text)![0];
    expect(codeOf(text.replace(edgeTo, edgeTo.replace(/\d+$/, huge)))).toBe('EBB_HEAP_CORRUPT');
  });

  const texts: Record<string, [message: string, from: string, to: string]> = {
    'a section that comes twice': ['it has "nodes" twice', ',\n"edges":', ',\n"nodes":[],"edges":'],
    'a second header': ['it has "snapshot" twice', ',\n"edges":', ',\n"snapshot":{},"edges":'],
    'a header that is no JSON': ['has a damaged header', '{"meta":', '{"meta"'],
    'a missing comma between sections': ['expected a comma after "nodes"', ',\n"edges":', '\n"edges":'],
    'a missing comma between strings': ['expected a comma among its strings', '"<dummy>",', '"<dummy>"'],
    'a missing value': ['a value is missing in its "samples"', '"samples":[],', '"samples":,'],
    'a key that is no string': ['expected a key in its snapshot, found "e"', '"edges":', 'edges:'],
  };
  for (const [name, [message, from, to]] of Object.entries(texts)) {
    test(`${name} is damage, and the message says so`, () => {
      const error = errorOf(folder.write(buildSnapshot(spec).replace(from, to)));
      expect([error.code, error.message]).toEqual(['EBB_HEAP_CORRUPT', expect.stringContaining(message)]);
    });
  }

  test('the message tells where, and what to do', () => {
    const file = folder.write(changed(({ edges }) => (edges[2] = 7)));
    expect(errorOf(file).message).toMatch(
      /^\S+ is damaged at byte \d+: edge 0 leads to no node\. Copy or take the snapshot again\.$/,
    );
  });

  test('a header that claims more than the file can hold is found to lie, and nothing is allocated', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const count of [1e6, 4e9, 2 ** 52]) {
      const error = errorOf(folder.write(changed(({ snapshot }) => (snapshot.node_count = count))));
      expect(error.code).toBe('EBB_HEAP_CORRUPT');
      expect(error.message).toContain(`it has 20 nodes where its header says ${count}`);
      const claimsEdges = changed((document) => {
        document.snapshot.edge_count = count;
        // The last node's edges are made to agree, so that only the file's size can tell.
        document.nodes[19 * 6 + 4] = count - 19;
      });
      expect(['EBB_HEAP_TRUNCATED', 'EBB_HEAP_CORRUPT']).toContain(codeOf(claimsEdges));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200e6);
  });
});

describe('any cut and any damage', () => {
  const whole = Buffer.from(buildSnapshot(spec, { layout: 'node20' }));

  test('an empty file is truncated, and says that it is empty', () => {
    const file = folder.write('');
    expect([errorOf(file).code, errorOf(file).message]).toEqual([
      'EBB_HEAP_TRUNCATED',
      `${file} is empty. Take the snapshot again.`,
    ]);
  });

  test('a snapshot that is cut off anywhere in its graph is truncated, and the message says within what', () => {
    const graphEnd = whole.indexOf(']', whole.indexOf('"edges":')) + 1;
    for (let length = 1; length < graphEnd; length++) {
      const error = errorOf(folder.write(whole.subarray(0, length)), 64);
      expect(error.code, `cut after ${length} bytes`).toBe('EBB_HEAP_TRUNCATED');
      expect(error.message).toMatch(/the file is cut off/);
    }
  });

  test('a cut within the graph is told by how much of it there was', () => {
    const rows = (section: string, count: number): number => {
      let at = whole.indexOf(`"${section}":[`);
      for (let k = 0; k < count; k++) at = whole.indexOf('\n', at) + 1;
      return at;
    };
    const toldAt = (length: number): string => errorOf(folder.write(whole.subarray(0, length))).message;
    expect(toldAt(rows('nodes', 13))).toMatch(
      /ends after \d+ bytes, within its nodes: the file is cut off\. There are 13 of 20 nodes, no edges and no names: /,
    );
    expect(toldAt(rows('edges', 7) + 1)).toContain('There are 20 of 20 nodes, 7 of 19 edges and no names: ');
    // So little of the file is left that it can't hold what its header claims.
    expect(toldAt(rows('nodes', 1))).toContain('There are 1 of 20 nodes, no edges and no names: ');
  });

  test('a cut anywhere behind the graph leaves it whole, and is told', () => {
    const graphEnd = whole.indexOf(']', whole.indexOf('"edges":')) + 1;
    const all = parseSnapshot(folder.write(whole));
    expect(all.lost).toEqual([]);
    for (let length = graphEnd; length < whole.length; length++) {
      const parsed = parseSnapshot(folder.write(whole.subarray(0, length)), undefined, 64);
      expect(parsed.lost.length, `cut after ${length} bytes`).toBeGreaterThan(0);
      expect([parsed.edgeTo, parsed.nodeName]).toEqual([all.edgeTo, all.nodeName]);
      const known = parsed.strings.length - parsed.lostNames;
      expect(parsed.strings.length).toBe(all.strings.length);
      if (parsed.lostNames > 0) expect(parsed.strings.get(known)).toBe('(name lost)');
      for (let k = 0; k < known; k++) expect(parsed.strings.get(k)).toBe(all.strings.get(k));
    }
  });

  test('bytes that are changed, lost or added anywhere give a snapshot or one of four coded errors', () => {
    const codes = ['EBB_HEAP_TRUNCATED', 'EBB_HEAP_CORRUPT', 'EBB_HEAP_NOT_A_SNAPSHOT', 'EBB_HEAP_UNKNOWN_FORMAT'];
    const outcomes = new Set<string>();
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      lost: fc.nat(3),
      added: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '-', '.', '9999999999', 'null')
          .map((s) => Buffer.from(s)),
      ),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes = Buffer.from(whole);
        for (const { at, lost, added } of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + lost)]);
        }
        try {
          const parsed = parseSnapshot(folder.write(bytes), undefined, 97);
          expect(parsed.firstEdge[parsed.nodeCount]).toBe(parsed.edgeCount);
          outcomes.add('read');
        } catch (error) {
          if (!(error instanceof HeapError)) throw error;
          expect(codes).toContain(error.code);
          outcomes.add(error.code);
        }
      }),
      { numRuns: 1500, seed: 20 },
    );
    expect([...outcomes].sort()).toEqual([...codes, 'read'].sort());
  });

  test('a reader that throws between chunks ends the reading with what it threw', () => {
    const stop = new Error('stop');
    expect(() =>
      parseSnapshot(
        folder.write(whole),
        (bytesRead) => {
          if (bytesRead > 100) throw stop;
        },
        64,
      ),
    ).toThrow(stop);
  });
});
