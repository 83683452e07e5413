import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { buildDocument, buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { SnapshotDocument, SnapshotSpec, WriteOptions } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot, type ParsedSnapshot } from './parse-snapshot.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const spec: SnapshotSpec = {
  nodes: [
    { id: 1, type: 'synthetic', name: '' },
    { id: 3, type: 'object', name: 'global', selfSize: 24 },
    { id: 5, type: 'closure', name: 'login', selfSize: 64 },
    { id: 4294967295, type: 'array', name: '', selfSize: 1048576 },
  ],
  edges: [
    { from: 1, to: 3, type: 'shortcut', name: 'global' },
    { from: 3, to: 5, name: 'login' },
    { from: 5, to: 4294967295, type: 'element', name: 12 },
    { from: 5, to: 3, type: 'weak', name: 'self' },
  ],
  locations: [{ node: 5, scriptId: 77, line: 11, column: 0 }],
};

/** What a snapshot says, with names in place of indexes. */
function tell(parsed: ParsedSnapshot): unknown {
  const { layout, strings, nodeType, nodeName, nodeId, nodeSelfSize, firstEdge, edgeType, edgeName, edgeTo } = parsed;
  const nodes = Array.from(nodeId, (id, node) => {
    const type = layout.nodeTypeNames[nodeType[node]];
    const edges: unknown[] = [];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const kind = layout.edgeTypeNames[edgeType[edge]];
      const isNumbered = kind === 'element' || kind === 'hidden';
      edges.push([kind, isNumbered ? edgeName[edge] : strings.get(edgeName[edge]), nodeId[edgeTo[edge]]]);
    }
    return [type, strings.get(nodeName[node]), id, nodeSelfSize[node], edges];
  });
  return { nodes, locations: [...parsed.locations] };
}

const told = {
  nodes: [
    ['synthetic', '', 1, 0, [['shortcut', 'global', 3]]],
    ['object', 'global', 3, 24, [['property', 'login', 5]]],
    [
      'closure',
      'login',
      5,
      64,
      [
        ['element', 12, 4294967295],
        ['weak', 'self', 3],
      ],
    ],
    ['array', '', 4294967295, 1048576, []],
  ],
  locations: [2, 77, 11, 0],
};

describe('what is read', () => {
  const layouts: Record<string, WriteOptions> = {
    'the layout of Node 20, a row a line': { layout: 'node20' },
    'the layout of Node 24 and 26, without line feeds': { layout: 'node24' },
    'JSON that was printed with indentation': { layout: 'node24', indent: 2 },
    'JSON without any line feed': { layout: 'node24', indent: 0 },
    'fields in another order': {
      nodeFields: ['edge_count', 'self_size', 'id', 'name', 'type'],
      edgeFields: ['to_node', 'name_or_index', 'type'],
      locationFields: ['column', 'line', 'script_id', 'object_index'],
    },
    'fields that nobody knows yet': {
      nodeFields: ['mood', 'type', 'name', 'id', 'self_size', 'age', 'edge_count'],
      edgeFields: ['type', 'name_or_index', 'colour', 'to_node'],
      locationFields: ['object_index', 'script_id', 'line', 'column', 'length'],
    },
    'sections that nobody knows yet': {
      overrides: (document) => {
        const { strings, ...before } = document;
        delete document['strings' as string];
        Object.assign(document, before, {
          more: { 'a"]}': ['\\', '"', { deep: [[[{}]]] }, -1.5e-7, null, true] },
          word: 'x]}"\\',
          number: -12.5,
          nothing: null,
          empty: '',
        });
        document.strings = strings;
      },
    },
  };
  for (const [name, options] of Object.entries(layouts)) {
    test(`${name} gives the same nodes, edges and locations`, () => {
      expect(tell(parseSnapshot(folder.write(buildSnapshot(spec, options))))).toEqual(told);
    });
  }

  test('chunks of any size give the same, wherever they cut numbers, names and escapes', () => {
    const awkward: SnapshotSpec = {
      ...spec,
      nodes: spec.nodes.map((node, at) =>
        at === 1 ? { ...node, name: 'g\u00e9\u6f22\ud83d\ude00"\\\n\ud800' } : node,
      ),
    };
    const file = folder.write(buildSnapshot(awkward, { layout: 'node20' }));
    const whole = tell(parseSnapshot(file));
    for (const chunkBytes of [1, 2, 3, 5, 7, 16, 64, 1000]) {
      expect(tell(parseSnapshot(file, undefined, chunkBytes)), `chunks of ${chunkBytes} bytes`).toEqual(whole);
    }
  });

  test('the header tells how many there are, the file how large it is, and progress ends with the file', () => {
    const text = buildSnapshot(spec);
    const seen: number[] = [];
    const parsed = parseSnapshot(folder.write(text), (bytesRead) => seen.push(bytesRead), 100);
    expect([parsed.nodeCount, parsed.edgeCount, parsed.fileBytes]).toEqual([4, 4, text.length]);
    expect(seen.at(-1)).toBe(text.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test('a snapshot without locations, or with locations that lack a field, has none', () => {
    const without = buildSnapshot(spec, {
      overrides: (document) => {
        delete document.locations;
        delete document.snapshot.meta.location_fields;
      },
    });
    const lacking = buildSnapshot(spec, { locationFields: ['object_index', 'script_id', 'line'] });
    expect([...parseSnapshot(folder.write(without)).locations]).toEqual([]);
    expect([...parseSnapshot(folder.write(lacking)).locations]).toEqual([]);
  });

  test('a location that V8 could not tell is left out', () => {
    const unknown = { node: 3, scriptId: 1, line: 4294967295, column: 4294967295 };
    const text = buildSnapshot({ ...spec, locations: [unknown, ...(spec.locations ?? [])] });
    expect([...parseSnapshot(folder.write(text)).locations]).toEqual(told.locations);
  });

  test('a function that begins before its script does stands at the first column, one before the first line nowhere', () => {
    const before = [
      { node: 1, scriptId: 9, line: 4, column: -61 },
      { node: 3, scriptId: 9, line: -2, column: 5 },
    ];
    const text = buildSnapshot({ ...spec, locations: [...before, ...(spec.locations ?? [])] });
    expect([...parseSnapshot(folder.write(text)).locations]).toEqual([0, 9, 4, 0, ...told.locations]);
  });

  test('a size of four gigabytes and more saturates', () => {
    const nodes = [{ id: 1 }, { id: 3, selfSize: 5_000_000_000 }, { id: 5, selfSize: 4294967295 }];
    expect([...parseSnapshot(folder.write(buildSnapshot({ nodes }))).nodeSelfSize]).toEqual([
      0,
      2 ** 32 - 1,
      2 ** 32 - 1,
    ]);
  });

  test('thousands of locations and strings fit, though no header counts them', () => {
    const locations = Array.from({ length: 5000 }, (_, at) => ({ node: 5, scriptId: 1, line: at, column: 2 * at }));
    const moreStrings = Array.from({ length: 70_000 }, (_, at) => `s${at}`);
    const parsed = parseSnapshot(folder.write(buildSnapshot({ ...spec, locations }, { moreStrings })));
    expect([...parsed.locations.subarray(4 * 4999)]).toEqual([2, 1, 4999, 9998]);
    const count = buildDocument(spec).strings.length + moreStrings.length;
    expect([parsed.strings.length, parsed.strings.get(count - 1)]).toEqual([count, 's69999']);
  });
});

describe('where the compiled kernel does not do', () => {
  afterEach(() => vi.unstubAllGlobals());

  const nodes = Array.from({ length: 30_000 }, (_, k) => ({ id: 2 * k + 1, name: `node ${k % 50}`, selfSize: k }));
  const large: SnapshotSpec = {
    nodes,
    edges: nodes
      .slice(1)
      .map(({ id }, k) => ({ from: id - 2, to: id, ...(k % 3 ? {} : { type: 'element', name: k }) })),
    locations: nodes.map(({ id }, k) => ({ node: id, scriptId: k % 7, line: k, column: 2 * k })),
  };
  /** Seventy types that nobody knows, before the others. */
  const manyTypes = ({ snapshot: { meta }, edges }: SnapshotDocument): void => {
    (meta.edge_types[0] as string[]).unshift(...Array.from({ length: 70 }, (_, type) => `type ${type}`));
    for (let at = 0; at < edges.length; at += 3) edges[at] += 70;
  };

  test('as without WebAssembly, a snapshot of several windows reads the same', () => {
    const file = folder.write(buildSnapshot(large, { layout: 'node20' }));
    const { strings, ...columns } = parseSnapshot(file);
    vi.stubGlobal('WebAssembly', undefined);
    const { strings: alsoStrings, ...alsoColumns } = parseSnapshot(file);
    expect(alsoColumns).toEqual(columns);
    expect(alsoStrings.length).toBe(strings.length);
  });

  test('as with seventy types of edges more, nodes, edges and locations are the same', () => {
    const parsed = parseSnapshot(folder.write(buildSnapshot(spec, { overrides: manyTypes })));
    expect(tell(parsed)).toEqual(told);
    const { largestEdgeName } = parseSnapshot(folder.write(buildSnapshot(spec)));
    expect(parsed.largestEdgeName).toBe(largestEdgeName);
  });

  test('as without WebAssembly, what is damaged or cut off is told in the same words', () => {
    const whole = buildSnapshot(spec, { layout: 'node20' });
    const edges = whole.indexOf('"edges":[');
    const files = [
      whole.slice(0, edges - 20),
      whole.slice(0, edges + 30),
      whole.slice(0, -10),
      whole.replace('"edges":[', '"edges":[99,'),
      whole.replace('"edges":[', '"edges":[x'),
      whole.replace('"node_count":4', '"node_count":4000000'),
    ].map((text) => folder.write(text));
    const tellAll = (): unknown[] =>
      files.map((file) => {
        try {
          const { lost, lostNames } = parseSnapshot(file, undefined, 50);
          return { lost, lostNames };
        } catch (error) {
          return (error as Error).message;
        }
      });
    const inWords = tellAll();
    vi.stubGlobal('WebAssembly', undefined);
    expect(tellAll()).toEqual(inWords);
    expect(new Set(inWords).size).toBe(files.length);
  });
});

describe('strings', () => {
  const texts = [
    '',
    'plain',
    'a"b\\c\n\t\u0001',
    '\ud800',
    'x\udc00y',
    '\u00e9\u6f22\ud83d\ude00',
    '\\u0041',
    'z'.repeat(1000),
  ];

  test('come back whole: escapes, lone surrogates, characters of every length', () => {
    const { strings } = parseSnapshot(folder.write(buildSnapshot(spec, { moreStrings: texts })));
    const first = strings.length - texts.length;
    expect(texts.map((_, at) => strings.get(first + at))).toEqual(texts);
    expect(texts.map((_, at) => strings.get(first + at))).toEqual(texts);
  });

  test('written all in escapes, as V8 writes what is not ASCII, come back the same', () => {
    const escaped = texts.map((text) => {
      const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'));
      return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
    });
    const text = buildSnapshot(spec).replace(/\]\}$/, `,${escaped.join(',')}]}`);
    const { strings } = parseSnapshot(folder.write(text));
    expect(texts.map((_, at) => strings.get(strings.length - texts.length + at))).toEqual(texts);
  });

  test('with an escape that JSON does not know or a bare control character are shown as they stand', () => {
    const text = buildSnapshot(spec).replace(/\]\}$/, ',"a\\qb","c\nd"]}');
    const { strings } = parseSnapshot(folder.write(text));
    expect([strings.get(strings.length - 2), strings.get(strings.length - 1)]).toEqual(['a\\qb', 'c\nd']);
  });

  test('that are not there are empty', () => {
    const { strings } = parseSnapshot(folder.write(buildSnapshot(spec)));
    expect([strings.get(-1), strings.get(strings.length), strings.get(NaN)]).toEqual(['', '', '']);
  });
});
