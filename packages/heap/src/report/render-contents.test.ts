import { describe, expect, test } from 'vitest';
import type { HeapContents } from '../contents/contents.ts';
import type { Location, Place } from '../finding/finding.ts';
import { renderContents } from './render-contents.ts';
import { columnsOf } from './text.ts';

const at = (repoPath: string, line: number): Location =>
  repoPath.startsWith('node:')
    ? { file: repoPath, line, column: 1 }
    : { file: `/srv/${repoPath}`, line, column: 1, repoPath };
const place = (edge: string, type: string, location: Location | null = null): Place => ({
  edge,
  type,
  name: edge.startsWith('[') || edge === '' ? type : edge,
  location,
  reason: '',
});

/** A shop's heap with one of everything; `named` makes of each name what it is told to. */
function shop(named: (name: string) => string = (name) => name): HeapContents {
  const file = (path: string, line: number): Location => at(named(path), line);
  const row = (type: string, objects: number, shallowBytes: number, retainedBytes: number, location?: Location) => ({
    type: named(type),
    objects,
    shallowBytes,
    retainedBytes,
    location: location ?? null,
    nodeId: 1,
  });
  const shopPath = [place('', 'module', file('src/shop.ts', 1)), place(named('shop'), named('Shop'))];
  return {
    totals: {
      objects: 517_828,
      bytes: 40e6,
      byKind: [
        { kind: 'objects', objects: 300_000, bytes: 25e6 },
        { kind: 'strings', objects: 98_543, bytes: 9e6 },
        { kind: 'system', objects: 3000, bytes: 1000 },
      ],
    },
    classes: [
      row('(system)', 4000, 2e5, 39e6),
      row('Shop', 1, 64, 30e6, file('src/shop.ts', 12)),
      row('Session', 18_204, 1.2e6, 22e6, file('src/session-store.ts', 5)),
      row('(array)', 71_610, 13.2e6, 21e6),
      row('Socket', 40, 8000, 9e5, at('node:net', 1)),
      row('Small', 40, 8000, 8000, file('src/small.ts', 1)),
    ],
    otherClasses: { classes: 300, objects: 1000, shallowBytes: 1e5 },
    duplicatedStrings: {
      wastedBytes: 3.6e6,
      groups: [],
      references: [
        { reference: named('Session.cart[].title'), copies: 21_164, texts: 24, wastedBytes: 2e6 },
        { reference: named('Session.role'), copies: 18_204, texts: 1, wastedBytes: 1.2e6 },
        { reference: "V8's and Node's own", copies: 4753, texts: 1224, wastedBytes: 1.1e6 },
        { reference: named('Shop.tiny'), copies: 2, texts: 1, wastedBytes: 24 },
      ],
    },
    buffers: {
      bytes: 6e6,
      largest: [
        {
          type: 'Buffer',
          bytes: 3e6,
          nodeId: 2,
          path: [
            ...shopPath,
            place('uploads', 'Array'),
            place('[]', named('Upload'), file('src/upload.ts', 7)),
            place('body', 'Buffer', at('node:buffer', 9)),
          ],
          buffers: 3,
        },
        {
          type: 'Buffer',
          bytes: 2e6,
          nodeId: 3,
          path: [...shopPath, place('tokens', 'Map'), place('[key]', 'Buffer')],
          buffers: 250,
        },
      ],
      slabs: [
        {
          slabs: 250,
          bytes: 2e6,
          views: 250,
          wastedBytes: 1e6,
          nodeId: 3,
          path: [...shopPath, place('tokens', 'Map'), place('[key]', 'Buffer')],
        },
      ],
    },
    overAllocated: {
      wastedBytes: 1.9e6,
      collections: [
        {
          type: 'Map',
          name: 'expired',
          cause: 'deleted',
          slots: 65_536,
          used: 17_000,
          wastedBytes: 1.2e6,
          nodeId: 4,
          location: null,
          path: [...shopPath, place(named('expired'), 'Map', file('src/shop.ts', 14))],
          collections: 1,
        },
        {
          type: 'Array',
          name: 'cart',
          cause: 'capacity',
          slots: 108_800,
          used: 6400,
          wastedBytes: 7e5,
          nodeId: 5,
          location: null,
          path: [
            ...shopPath,
            place('sessions', 'Map'),
            place('[key]', named('Session'), file('src/session-store.ts', 5)),
            place('cart', 'Array'),
          ],
          collections: 6400,
        },
      ],
    },
    keptContexts: [
      {
        retainedBytes: 17.3e6,
        closures: [{ name: named('follow'), location: file('src/live-figures.ts', 33) }],
        variables: [
          { name: named('report'), type: named('Report'), retainedBytes: 3900 },
          { name: named('total'), type: 'Object', retainedBytes: 152 },
        ],
        nodeId: 6,
        path: shopPath,
        contexts: 4273,
      },
    ],
    extraGlobals: [
      {
        retainedBytes: 6e5,
        nodeId: 7,
        path: [...shopPath, place(named('sandbox'), 'Object', file('src/rules.ts', 3))],
      },
    ],
    treemap: { name: 'heap', type: 'heap', objects: 517_828, retainedBytes: 40e6, location: null, children: [] },
  };
}

test('the whole rendering', () => {
  expect(`\n${renderContents(shop(), { color: false, width: 100 })}\n`).toMatchInlineSnapshot(`
    "
    CONTENTS  40.0 MB in 517,828 objects: objects 25.0 MB, strings 9.0 MB

      class       objects       own  retained
      Shop              1      64 B   30.0 MB  src/shop.ts:12
      Session      18,204    1.2 MB   22.0 MB  src/session-store.ts:5
      (array)      71,610   13.2 MB   21.0 MB
      (system)      4,000    200 KB   39.0 MB
      Socket           40    8.0 KB    900 KB  node:net:1
      Small            40    8.0 KB    8.0 KB  src/small.ts:1

    duplicated strings  3.6 MB, 9 % of the heap, in copies: keep one of each text
       2.0 MB  Session.cart[].title: 21,164 strings, 24 different ones
       1.2 MB  Session.role: 18,204 copies of one text

    buffers  6.0 MB, 15 % of the heap, outside the objects
       3.0 MB  Upload.body: 3 × Buffer  src/upload.ts:7
       2.0 MB  Shop.tokens[key]: 250 small Buffers, each keeps a slab of 8.0 KB alone; allocUnsafeSlow
               makes them without  src/shop.ts:1

    more room than content  1.9 MB, 5 % of the heap, more than what is in them needs
       1.2 MB  Shop.expired: Map, 17,000 of 65,536 entries used, the others were deleted  src/shop.ts:14
       700 KB  Session.cart: 6,400 × Array, 6,400 of 108,800 slots used  src/session-store.ts:5

    scopes kept by a small function  its scope keeps every variable that any function in it uses
      17.3 MB  4,273 × follow keeps report (Report, 3.9 KB) each  src/live-figures.ts:33

    contexts of vm  each with its own copy of the language
       600 KB  kept by Shop.sandbox  src/rules.ts:3
    "
  `);
});

test('every line fits the width, and none ends in white space', () => {
  for (const width of [40, 60, 80, 100, 200]) {
    const lines = renderContents(shop(), { color: false, width }).split('\n');
    expect(lines.filter((line) => columnsOf(line) > width)).toEqual([]);
    expect(lines.filter((line) => /\s$/u.test(line))).toEqual([]);
  }
});

test('a heap with nothing worth telling is its size and its classes', () => {
  const { duplicatedStrings, buffers, overAllocated, ...rest } = shop();
  const text = renderContents(
    {
      ...rest,
      duplicatedStrings: { ...duplicatedStrings, references: duplicatedStrings.references.slice(3) },
      buffers: { ...buffers, largest: [], slabs: [] },
      overAllocated: { ...overAllocated, collections: [] },
      keptContexts: [],
      extraGlobals: [],
    },
    { color: false, width: 100 },
  );
  expect(text.split('\n\n')).toHaveLength(2);
  expect(text).toMatch(/^CONTENTS {2}40\.0 MB in 517,828 objects: objects 25\.0 MB, strings 9\.0 MB\n\n {2}class/u);
});

test('colours change nothing but colours', () => {
  const painted = renderContents(shop(), { color: true, width: 100 });
  expect(painted).toContain('\u001b[');
  expect(painted.replaceAll(/\u001b\[\d+m/gu, '')).toBe(renderContents(shop(), { color: false, width: 100 }));
});

describe('a name in a heap can not drive the terminal, forge a line or hide', () => {
  test.each([
    ['an escape sequence', '\u001b[31mred\u001b]0;title\u0007'],
    ['control characters', 'a\r\b\u0000\u009b2J'],
    ['line feeds', 'one\nCONTENTS  0 B in 0 objects\u2028three'],
    ['bidirectional overrides', 'abc\u202e\u2066cba'],
    ['what has no width', 'a\u200b\u2060\ufeffb'],
    ['half a surrogate pair', 'a\ud800b'],
    ['no end', 'x'.repeat(1e6)],
  ])('%s', (_, evil) => {
    const text = renderContents(
      shop((name) => `${name}${evil}`),
      { color: false, width: 100 },
    );
    expect(text).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/u,
    );
    expect(text.split('\n').filter((line) => columnsOf(line) > 100)).toEqual([]);
    expect(text.split('\n').filter((line) => line.startsWith('CONTENTS'))).toHaveLength(1);
    expect(text.split('\n').length).toBeLessThan(60);
  });
});
