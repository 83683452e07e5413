import { expect, test } from 'vitest';
import { belowTitle, withoutSources, withRow } from './weave.ts';

const style = { width: 40, faint: (text: string): string => text };
const block = [
  'LEAK   cache (Map) keeps growing',
  '',
  '       scope  a.js:1',
  '       └─ cache: Map  a.js:2',
  '',
  '       holds     1 MB',
  '       \u001b[2mevidence  \u001b[22mfirst line',
  '                 second line',
].join('\n');

test('lines stand below the title, broken to the width', () => {
  expect(
    belowTitle(block, ['+1 MB/s', 'the limit is far away but not out of reach'], style).split('\n').slice(0, 5),
  ).toEqual([
    'LEAK   cache (Map) keeps growing',
    '       +1 MB/s',
    '       the limit is far away but not out',
    '       of reach',
    '',
  ]);
});

test('a row stands before the first of its labels that there is, and last where there is none', () => {
  const row = { label: 'fed by', text: 'POST /login' };
  expect(withRow(block, { ...row, before: ['removed', 'holds'] }, style).split('\n')[5]).toBe(
    '       fed by    POST /login',
  );
  expect(withRow(block, row, style).split('\n').at(-1)).toBe('       fed by    POST /login');
});

test('a row with the same label is replaced with all of its lines, whatever its colours', () => {
  const lines = withRow(block, { label: 'evidence', text: 'three snapshots of one program' }, style).split('\n');
  expect(lines.slice(6)).toEqual(['       evidence  three snapshots of one', '                 program']);
});

test('what stands in the path is no label', () => {
  const path = block.replace('scope  a.js:1', 'mend  a.js:1');
  expect(withRow(path, { label: 'mend', text: 'x' }, style).split('\n').at(-1)).toBe('       mend      x');
});

test('the line that names the files of the snapshots goes', () => {
  expect(withoutSources(`${block}\n\nfrom      1.heapsnapshot 20 MB`)).toBe(block);
});
