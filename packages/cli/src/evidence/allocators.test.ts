import type { GrownSite } from '@ebb/capture';
import { expect, test } from 'vitest';
import { allocators, type Growing, type Locate } from './allocators.ts';

const MB = 1e6;
const locate: Locate = ({ function: name, url, line, column }) =>
  url === '' ? null : { function: name, file: url, line, column };

type Stack = [name: string, file: string, line: number][];
const site = (grownBytes: number, ...stack: Stack): GrownSite => ({
  stack: stack.map(([name, url, line]) => ({ function: name, url, line, column: 1 })),
  grownBytes,
  samples: Math.round(grownBytes / 131_072),
});
/** Sessions of a shop: made in login.js, put into the store by store.js:30, kept by what stands in store.js:12. */
const sessions = (more: Partial<Growing> = {}): Growing => ({
  growthBytes: 10 * MB,
  insertedAt: { file: '/shop/store.js', line: 30, column: 5 },
  holder: {
    type: 'Map',
    name: 'sessions',
    edge: 'sessions',
    location: { file: '/shop/store.js', line: 12, column: 1 },
    reason: 'grows',
  },
  sample: { type: 'Session', count: 1000 },
  ...more,
});
const names = (found: ReturnType<typeof allocators>): (string | null)[] =>
  found.map((frames) => frames?.[0]?.function ?? null);

test('the constructor of what piles up is who makes it, however small its own share is', () => {
  const grown = [
    site(6 * MB, ['fill', '/shop/cart.js', 3], ['open', '/shop/store.js', 28]),
    site(1 * MB, ['Session', '/shop/session.js', 4], ['login', '/shop/login.js', 9]),
  ];
  const [frames] = allocators([sessions()], grown, 1, locate);
  expect(frames?.map(({ function: name }) => name)).toEqual(['Session', 'login']);
});

test('else the function that adds to the holder, or what it calls; the most grown of them', () => {
  const grown = [
    site(2 * MB, ['stamp', '/shop/clock.js', 3], ['open', '/shop/store.js', 28]),
    site(7 * MB, ['newSession', '/shop/session.js', 3], ['open', '/shop/store.js', 28]),
    site(9 * MB, ['render', '/shop/page.js', 3]),
  ];
  expect(names(allocators([sessions({ sample: { type: 'Object', count: 9 } })], grown, 1, locate))).toEqual([
    'newSession',
  ]);
});

test('a type that everybody has names nobody', () => {
  const grown = [site(9 * MB, ['Object', '/shop/page.js', 3])];
  expect(allocators([sessions({ sample: { type: 'Object', count: 9 } })], grown, 1, locate)).toEqual([null]);
});

test('what grows elsewhere, much more, or hardly at all is not what the finding keeps', () => {
  const elsewhere = [site(10 * MB, ['render', '/shop/page.js', 3], ['handle', '/shop/app.js', 8])];
  const muchMore = [site(80 * MB, ['open', '/shop/store.js', 28])];
  const hardly = [site(0.3 * MB, ['open', '/shop/store.js', 28])];
  const below = [site(10 * MB, ['sweep', '/shop/store.js', 60])];
  const only = sessions({ holder: { ...sessions().holder, location: null } });
  for (const grown of [elsewhere, muchMore, hardly, below, []])
    expect(allocators([only], grown, 1, locate)).toEqual([null]);
});

test('growth is held against the share of it that fell between the two profiles', () => {
  const grown = [site(3 * MB, ['open', '/shop/store.js', 28])];
  expect(names(allocators([sessions()], grown, 0.3, locate))).toEqual(['open']);
  expect(allocators([sessions()], grown, 0.03, locate)).toEqual([null]);
});

test('of two things that leak each gets its own, and a call site goes to one of them only', () => {
  const log: Growing = {
    growthBytes: 4 * MB,
    insertedAt: { file: '/shop/log.js', line: 9, column: 1 },
    holder: {
      type: 'Array',
      name: 'lines',
      edge: 'lines',
      location: { file: '/shop/log.js', line: 2, column: 1 },
      reason: 'grows',
    },
    sample: { type: 'Object', count: 5 },
  };
  const grown = [
    site(9 * MB, ['Session', '/shop/session.js', 4], ['write', '/shop/log.js', 5]),
    site(4 * MB, ['write', '/shop/log.js', 5]),
  ];
  expect(names(allocators([log, sessions()], grown, 1, locate))).toEqual(['write', 'Session']);
  expect(names(allocators([log, sessions()], grown.slice(0, 1), 1, locate))).toEqual([null, 'Session']);
});

test('frames of the runtime itself are left out of what is told', () => {
  const grown = [site(9 * MB, ['set', '', 0], ['open', '/shop/store.js', 28])];
  expect(allocators([sessions()], grown, 1, locate)).toEqual([
    [{ function: 'open', file: '/shop/store.js', line: 28, column: 1 }],
  ]);
});
