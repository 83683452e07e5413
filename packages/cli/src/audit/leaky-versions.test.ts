import { compare, satisfies } from 'semver';
import { expect, test } from 'vitest';
import { readLeakyVersions } from './leaky-versions.ts';

// What anyone who adds an entry gets wrong sooner or later. Whether it is true, only its sources can say.
const { leaks, node } = readLeakyVersions();

test('there are at least sixty leaks, each once, those of Node.js first, then by package', () => {
  expect(leaks.length).toBeGreaterThanOrEqual(60);
  const ids = leaks.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const sorted = [...leaks].sort(
    (a, b) =>
      Number(b.package === 'node') - Number(a.package === 'node') ||
      (a.package < b.package ? -1 : a.package > b.package ? 1 : 0) ||
      (a.id < b.id ? -1 : 1),
  );
  expect(ids).toEqual(sorted.map(({ id }) => id));
});

test("an id begins with its package's name", () => {
  for (const { id, package: name } of leaks) expect(id).toContain(`${name.replace('@', '').replace('/', '-')}-`);
});

test('a version that has the mend is not affected, ends a range, and each range is ended by one', () => {
  for (const { id, affected, mended } of leaks) {
    const ends = affected.split(' || ').map((range) => /<(\S+)$/u.exec(range)?.[1]);
    expect(ends, id).toEqual(mended);
    expect(
      mended.some((version) => satisfies(version, affected)),
      id,
    ).toBe(false);
  }
});

test('a range begins below its end', () => {
  for (const { id, affected } of leaks) {
    for (const range of affected.split(' || ')) {
      const [, from, to] = /^(?:>=(\S+) )?<(\S+)$/u.exec(range) ?? [];
      expect(to, id).toBeDefined();
      if (from !== undefined) expect(compare(from, to), id).toBe(-1);
    }
  }
});

test('every source is a page of an issue, a change, a changelog or an advisory', () => {
  for (const { id, sources } of leaks) {
    for (const source of sources) {
      expect(source, id).toMatch(/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(?:issues|pull|commit|blob)\/[\w./-]+$/u);
    }
    expect(new Set(sources).size, id).toBe(sources.length);
  }
});

test('a line of Node.js stands once, and lines that are maintained for longer began later', () => {
  const lines = node.lines.map(({ line }) => line);
  expect(new Set(lines).size).toBe(lines.length);
  const even = node.lines.filter(({ line }) => Number(line) >= 4 && Number(line) % 2 === 0);
  expect(even.map(({ endOfLife }) => endOfLife)).toEqual(even.map(({ endOfLife }) => endOfLife).sort());
});
