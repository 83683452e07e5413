import { SourceMap as NodesOwn } from 'node:module';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { decodeSourceMap, type SourceMapPayload } from './source-map.ts';

const source = [
  'interface Cart { owner: string }',
  'export class Store {',
  '  readonly carts: Cart[] = [];',
  '  add(cart: Cart): number {',
  '    return this.carts.push({ ...cart }); /* ä€𝄞 */',
  '  }',
  '}',
  '',
].join('\n');

function compiled(): { text: string; payload: SourceMapPayload & { mappings: string } } {
  const { outputText, sourceMapText = '' } = ts.transpileModule(source, {
    fileName: 'store.ts',
    compilerOptions: { target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext, sourceMap: true },
  });
  return { text: outputText, payload: JSON.parse(sourceMapText) as SourceMapPayload & { mappings: string } };
}

test("every position of a compiled file maps to what Node's own reader says", () => {
  const { text, payload } = compiled();
  const ours = decodeSourceMap(payload);
  const nodes = new NodesOwn({ ...payload } as ConstructorParameters<typeof NodesOwn>[0]);
  let compared = 0;
  text.split('\n').forEach((lineText, line) => {
    for (let column = 0; column < lineText.length; column++) {
      const found = ours.find(line, column);
      const expected = nodes.findEntry(line, column) as {
        generatedLine: number;
        originalLine: number;
        originalColumn: number;
      };
      if (expected.generatedLine !== line) continue; // Node answers with the last mapping of an earlier line
      expect([found?.line, found?.column]).toEqual([expected.originalLine, expected.originalColumn]);
      compared++;
    }
  });
  expect(compared).toBeGreaterThan(100);
});

test('an index map is one map: each section begins where it says, with sources and names of its own', () => {
  const part = (name: string): SourceMapPayload => ({
    sourceRoot: 'src',
    sources: [`${name}.js`],
    names: [name],
    mappings: 'AAAAA,EAAE;AACA',
  });
  const map = decodeSourceMap({
    sections: [
      { offset: { line: 0, column: 5 }, map: part('a') },
      { offset: { line: 7, column: 0 }, map: part('b') },
    ],
  });
  expect(map.sources).toEqual(['src/a.js', 'src/b.js']);
  expect(map.find(0, 4)).toBeUndefined();
  expect(map.find(0, 5)).toEqual({ source: 0, line: 0, column: 0, name: 'a' });
  expect(map.find(0, 7)).toEqual({ source: 0, line: 0, column: 2 });
  expect(map.find(1, 0)).toEqual({ source: 0, line: 1, column: 2 });
  expect(map.find(7, 0)).toEqual({ source: 1, line: 0, column: 0, name: 'b' });
  expect(map.find(3, 0)).toBeUndefined();
});

test('names stand where an identifier begins, and nowhere else', () => {
  const map = decodeSourceMap({ sources: ['a.js'], names: ['sessions'], mappings: 'IAAIA,CAAC' });
  expect([3, 4, 5].map((column) => map.find(0, column)?.name)).toEqual([undefined, 'sessions', undefined]);
  expect(map.find(0, 6)).toMatchObject({ line: 0, column: 5 });
});

test('segments that stand in another order are found all the same', () => {
  const map = decodeSourceMap({ sources: ['a.js'], mappings: 'IAAI,HAAI' });
  expect([map.find(0, 2)?.column, map.find(0, 4)?.column]).toEqual([8, 4]);
});

test.each([
  ['no mappings', {}],
  ['a digit that is none', { sources: ['a.js'], mappings: 'A?AA' }],
  ['a source that is not listed', { sources: [], mappings: 'AAAA' }],
  ['a name that is not listed', { sources: ['a.js'], mappings: 'AAAAA' }],
  ['a number that does not end', { sources: ['a.js'], mappings: 'gggggggggggggggggA' }],
])('a map with %s is refused', (_, payload) => {
  expect(() => decodeSourceMap(payload)).toThrow();
});

test('sections within sections without end are refused', () => {
  const endless: SourceMapPayload = {};
  endless.sections = [{ offset: { line: 0, column: 0 }, map: endless }];
  expect(() => decodeSourceMap(endless)).toThrow('sections within sections');
});
