import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageOf, Project } from './project.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-project-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function put(path: string, text = ''): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test('a file is told relative to its repository, however deep the working directory is', () => {
  put('repo/.git/HEAD');
  const file = put('repo/services/shop/src/store.ts');
  expect(new Project(join(folder, 'repo/services/shop')).repoPath(file)).toBe('services/shop/src/store.ts');
});

test('without a repository, a file is told relative to the working directory, and not where it is outside', () => {
  const file = put('deployed/src/store.ts');
  expect(new Project(join(folder, 'deployed')).repoPath(file)).toBe('src/store.ts');
  expect(new Project(join(folder, 'elsewhere')).repoPath(file)).toBeUndefined();
});

test('an installed package and Node itself are in no repository', () => {
  const project = new Project(folder);
  expect(project.repoPath(put('repo/node_modules/lru-cache/index.js'))).toBeUndefined();
  expect(project.repoPath('node:events')).toBeUndefined();
});

test("a file's unit is the same in a checkout and in a container that knows no repository", () => {
  put('monorepo/.git/HEAD');
  put('monorepo/services/shop/package.json', '{"name":"@acme/shop"}');
  put('app/package.json', '{"name":"@acme/shop"}');
  const [checkedOut, deployed] = [put('monorepo/services/shop/src/store.ts'), put('app/src/store.ts')];
  expect(new Project(folder).unit(checkedOut)).toBe('@acme/shop:src/store.ts');
  expect(new Project('/').unit(deployed)).toBe('@acme/shop:src/store.ts');
});

test("an installed package's unit is its name, wherever and in whatever layout it is installed", () => {
  const unit = (file: string): string => new Project(folder).unit(file);
  expect(unit('/srv/shop/node_modules/lru-cache/dist/index.js')).toBe('lru-cache');
  expect(unit('/app/node_modules/.pnpm/lru-cache@7.1.0/node_modules/lru-cache/index.js')).toBe('lru-cache');
  expect(unit('/srv/shop/node_modules/@types/lru-cache/index.js')).toBe('@types/lru-cache');
  expect(packageOf('/srv/shop/node_modules/@types/lru-cache/index.js')?.root).toBe(
    '/srv/shop/node_modules/@types/lru-cache',
  );
});

test('a package.json that cannot be read leaves its package without a name, and the path stays', () => {
  put('broken/package.json', '{');
  expect(new Project(folder).unit(put('broken/src/a.js'))).toBe(':src/a.js');
});
