import { expect, test } from 'vitest';
import { auditNode, leakyPackages, leaksOfNode } from './audit.ts';
import type { LeakyVersions, LeakyVersionList } from './leaky-versions.ts';

const leak = (more: Partial<LeakyVersions>): LeakyVersions => ({
  id: 'pool-kept',
  package: 'pool',
  affected: '>=1.0.0 <1.4.2 || >=2.0.0 <2.1.0',
  mended: ['1.4.2', '2.1.0'],
  from: 'stated',
  leaks: 'It keeps connections.',
  sources: ['https://github.com/a/b/issues/1'],
  ...more,
});
const locked = (name: string, version: string, place = `node_modules/${name}`, isDev: boolean | null = false) => ({
  name,
  version,
  place,
  isDev,
});

test('a package in an affected version is found, with the nearest version of its line that has the mend', () => {
  const found = leakyPackages([locked('pool', '1.4.1'), locked('pool', '2.0.3', 'x')], [leak({})]);
  expect(found.map(({ version, moveTo }) => [version, moveTo])).toEqual([
    ['1.4.1', '1.4.2'],
    ['2.0.3', '2.1.0'],
  ]);
});

test('the version that has the mend, and later ones, are not found', () => {
  const versions = ['1.4.2', '1.9.0', '2.1.0', '3.0.0', '0.9.0'];
  expect(
    leakyPackages(
      versions.map((version) => locked('pool', version)),
      [leak({})],
    ),
  ).toEqual([]);
});

test('another package with that version is not found, nor what is of no released version', () => {
  const packages = [locked('spool', '1.4.1'), locked('pool', 'git+https://example.test/pool.git#abc')];
  expect(leakyPackages(packages, [leak({})])).toEqual([]);
});

test('the same version in two places is one finding, for development only if both places are', () => {
  const twice = [locked('pool', '1.0.0', 'a', true), locked('pool', '1.0.0', 'b', false)];
  const [found] = leakyPackages(twice, [leak({})]);
  expect(found).toMatchObject({ places: ['a', 'b'], isDev: false });
});

test('where no version of the line has the mend, the next major is told', () => {
  const [found] = leakyPackages([locked('pool', '1.0.0')], [leak({ affected: '<2.1.0', mended: ['2.1.0'] })]);
  expect(found.moveTo).toBe('2.1.0');
});

const list: LeakyVersionList = {
  format: 'ebb.leaky-versions/1',
  updated: '2026-01-01',
  node: {
    source: 'https://github.com/a/b',
    lines: [
      { line: '0.12', endOfLife: '2016-12-31' },
      { line: '20', endOfLife: '2026-04-30' },
      { line: '24', endOfLife: '2028-04-30' },
    ],
  },
  leaks: [leak({ package: 'node', affected: '>=24.0.0 <24.4.0', mended: ['24.4.0'] })],
};

test('a Node.js is supported up to the last day of its line', () => {
  expect(auditNode('20.11.0', null, list, '2026-04-30').isOver).toBe(false);
  expect(auditNode('20.11.0', null, list, '2026-05-01')).toMatchObject({ isOver: true, endOfLife: '2026-04-30' });
  expect(auditNode('0.12.18', null, list, '2026-05-01').isOver).toBe(true);
});

test('a line that the list does not know is not said to be over', () => {
  expect(auditNode('99.0.0', null, list, '2026-05-01')).toMatchObject({ isOver: false, endOfLife: null });
});

test('engines that allow a line without support are told, a range that is none is not', () => {
  const told = (engines: string) => auditNode('24.9.0', engines, list, '2026-11-21').enginesAllowEnded;
  expect(told('>=20')).toBe('20');
  expect(told('>=24')).toBeNull();
  expect(told('whatever')).toBeNull();
});

test('the leaks of the Node.js in use are found', () => {
  expect(leaksOfNode('24.3.9', list.leaks)).toHaveLength(1);
  expect(leaksOfNode('24.4.0', list.leaks)).toHaveLength(0);
});
