import { expect, test } from 'vitest';
import { versionsIn, packageOf } from './dependency.ts';
import { enclosingFunction } from './enclosing-function.ts';
import { typedPlace } from './culprit.ts';
import { commitUrl, webPlace } from './pull-request.ts';

test.each([
  ['git@github.com:acme/shop.git', 'https://github.com/acme/shop', 'github'],
  ['https://x:t0ken@github.com/acme/shop', 'https://github.com/acme/shop', 'github'],
  ['ssh://git@gitlab.example.com:2222/a/b/c.git', 'https://gitlab.example.com/a/b/c', 'gitlab'],
  ['https://git.example.com:8443/a/b/', 'https://git.example.com:8443/a/b', 'github'],
  ['git@bitbucket.org:a/b.git', 'https://bitbucket.org/a/b', 'bitbucket'],
])('%s is %s', (remote, url, kind) => {
  expect(webPlace(remote)).toEqual({ url, kind });
});

test.each(['/srv/git/shop.git', '../shop', 'file:///srv/shop.git', 'javascript:alert(1)', '', 'C:/repos/shop'])(
  '%s is nowhere on the web',
  (remote) => {
    expect(webPlace(remote)).toBeNull();
    expect(commitUrl(webPlace(remote), 'abc')).toBeNull();
  },
);

test('versions are read from the lock files of npm, Yarn and pnpm', () => {
  const npm1 = JSON.stringify({ dependencies: { lru: { version: '1.0.0' } } });
  const npm3 = JSON.stringify({
    packages: { 'node_modules/lru': { version: '1.0.0' }, 'node_modules/a/node_modules/lru': { version: '2.0.0' } },
  });
  const yarn1 = 'lru@^1.0.0, lru@^1.1.0:\n  version "1.1.0"\n  resolved "x"\n\nlru-cache@^9:\n  version "9.0.0"\n';
  const yarn2 = '"lru@npm:^1.0.0":\n  version: 1.1.0\n  resolution: "lru@npm:1.1.0"\n';
  const pnpm = "packages:\n\n  lru@1.2.0:\n    resolution: {}\n\n  '@acme/lru@3.0.0':\n    resolution: {}\n";
  expect(versionsIn('package-lock.json', npm1, 'lru')).toEqual(['1.0.0']);
  expect(versionsIn('package-lock.json', npm3, 'lru')).toEqual(['1.0.0', '2.0.0']);
  expect(versionsIn('yarn.lock', yarn1, 'lru')).toEqual(['1.1.0']);
  expect(versionsIn('yarn.lock', yarn2, 'lru')).toEqual(['1.1.0']);
  expect(versionsIn('pnpm-lock.yaml', pnpm, 'lru')).toEqual(['1.2.0']);
  expect(versionsIn('pnpm-lock.yaml', pnpm, '@acme/lru')).toEqual(['3.0.0']);
  expect(versionsIn('package.json', JSON.stringify({ dependencies: { lru: '^1.0.0' } }), 'lru')).toEqual(['^1.0.0']);
  expect(versionsIn('package-lock.json', '<<<<<<< HEAD', 'lru')).toEqual([]);
});

test.each([
  ['/srv/node_modules/express/lib/router.js', 'express'],
  ['node_modules/.pnpm/@acme+cart@2.0.0/node_modules/@acme/cart/x.js', '@acme/cart'],
  ['C:\\app\\node_modules\\lru\\i.js', 'lru'],
  ['src/my_node_modules/x.js', null],
  ['src/cart.ts', null],
])('%s belongs to %s', (path, name) => {
  expect(packageOf(path)).toBe(name);
});

test('the function around a line is the innermost that has a name', () => {
  const text =
    'class Store {\n  add(x) {\n    all.forEach((y) => {\n      kept.push(y);\n    });\n  }\n}\nconst late = () => {\n  kept.push(1);\n};\nkept.push(2);\n';
  expect(enclosingFunction(text, 'a.ts', 4)).toEqual({ from: 2, to: 6, name: 'add' });
  expect(enclosingFunction(text, 'a.js', 9)).toEqual({ from: 8, to: 10, name: 'late' });
  expect(enclosingFunction(text, 'a.ts', 11)).toBeNull();
  expect(enclosingFunction('function (', 'a.ts', 1)).toBeNull();
});

test('a place is typed with a line, with a column too, or without either', () => {
  expect(typedPlace('src/a.ts:57')).toEqual({ file: 'src/a.ts', line: 57 });
  expect(typedPlace('src/a.ts:57:3')).toEqual({ file: 'src/a.ts', line: 57 });
  expect(typedPlace('src/a.ts')).toEqual({ file: 'src/a.ts', line: null });
});
