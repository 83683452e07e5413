import { afterAll, beforeAll, expect, test } from 'vitest';
import { loginLine, shopHistory, type ShopHistory } from '../fixtures/shop-history.ts';
import { blame, type Blame, type Question } from './blame.ts';
import { blameLines } from './blame-text.ts';
import { openRepository } from './repository.ts';

let shop: ShopHistory;
beforeAll(() => {
  shop = shopHistory();
});
afterAll(() => {
  shop.repository.remove();
});

async function ask(question: Partial<Question>): Promise<Blame> {
  const { folder } = shop.repository;
  const places: Question['places'] = [{ role: 'insert', file: 'src/session-store.ts', line: loginLine }];
  return await blame(await openRepository(folder), {
    ...{ places, folder, holder: 'sessions', from: '1.0', to: '1.1', isNamed: true, ...question },
  });
}

test('who brought the line that adds, and who took out what removes, come before all that was there already', async () => {
  const { commits } = shop;
  const found = await ask({});
  expect(found.commits.map(({ commit, isBetween }) => [commit, isBetween])).toEqual([
    [commits.login, true],
    [commits.logout, true],
    [commits.start, false],
  ]);
  expect(found.commits.map(({ reasons }) => reasons.map(({ kind }) => kind))).toEqual([
    ['inserted-line', 'inserts', 'function'],
    ['removal'],
    ['creates', 'function'],
  ]);
  expect(found.places).toEqual([
    { role: 'insert', path: 'src/session-store.ts', line: loginLine, functionName: 'login' },
  ]);
  expect(found.owners).toEqual(['@acme/identity']);
});

test('a pull request is known by its squashed commit or its merge, and nothing of the remote’s secrets is told', async () => {
  const { commits } = await ask({});
  expect(commits.map(({ author, coAuthors, pullRequest }) => ({ author, coAuthors, pullRequest }))).toEqual([
    {
      author: 'Bela',
      coAuthors: [],
      pullRequest: {
        ...{ number: 14, branch: null, mergedBy: null, mergedMs: null },
        url: 'https://git.example.com/acme/shop/pull/14',
      },
    },
    {
      author: 'Amina',
      coAuthors: ['Otieno'],
      pullRequest: {
        ...{ number: 12, branch: 'acme/amina/forget-less', mergedBy: 'Grace', mergedMs: expect.any(Number) as number },
        url: 'https://git.example.com/acme/shop/pull/12',
      },
    },
    { author: 'Ada', coAuthors: [], pullRequest: null },
  ]);
  expect(JSON.stringify(commits)).not.toMatch(/s3cret|robot|@example/u);
});

test('it is told in lines', async () => {
  const short = (text: string): string =>
    Object.entries(shop.commits).reduce((told, [name, id]) => told.replaceAll(id.slice(0, 12), `<${name}>`), text);
  const lines = short(blameLines(await ask({})).join('\n')).replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/gu, 'THEN');
  expect(lines).toMatchInlineSnapshot(`
    "COMMITS that touched src/session-store.ts:8 in login()
    between    1.0 (<start>) to 1.1 (<login>)
    owner      @acme/identity

     1. <login>  THEN  Bela
        Sessions are kept (#14)
        - wrote the line that adds to it, src/session-store.ts:8
        - brought code that adds to sessions
        - changed login() in src/session-store.ts
        pull request #14  https://git.example.com/acme/shop/pull/14
     2. <logout>  THEN  Amina, Otieno
        Logging out is logged
        - took out code that removes from sessions
        pull request #12 from acme/amina/forget-less, merged by Grace  https://git.example.com/acme/shop/pull/12
     3. <start>  THEN  Ada
        The shop
        - brought sessions itself
        - changed login() in src/session-store.ts
        - was there already in 1.0, which did not grow
        https://git.example.com/acme/shop/commit/<start>85e4dad55918817d7270892b6fc9"
  `);
});

test('a package that leaks is the doing of who moved it to another version', async () => {
  const file = '/srv/app/node_modules/@acme/cart/lib/cart.js';
  const found = await ask({ places: [{ role: 'holder', file, line: 3 }], from: 'v1.1', to: 'v1.2' });
  expect(found.package).toBe('@acme/cart');
  expect(found.commits).toHaveLength(1);
  expect(found.commits[0]).toMatchObject({
    commit: shop.commits.bump,
    reasons: [{ kind: 'dependency', text: 'moved @acme/cart from 2.0.0 to 2.1.0 in package-lock.json' }],
  });
});

test('without a version that was well, all of the history is looked at, and says so', async () => {
  const found = await ask({ from: null, to: null });
  expect(found.to.name).toBe('HEAD');
  expect(found.commits.map(({ isBetween }) => isBetween)).toEqual([null, null, null]);
  expect(blameLines(found)[1]).toMatch(/what did not grow before is not known/u);
});

test('what telemetry names and the repository does not have is told, and the rest is looked at', async () => {
  const found = await ask({ from: 'feedfacefeedface', to: '9.9', isNamed: false });
  expect(found.notes).toEqual([
    expect.stringMatching(/'9\.9' names no commit of .*HEAD is looked at instead$/u),
    expect.stringMatching(/'feedfacefeedface' names no commit .*pushed over.*the whole history is looked at instead$/u),
  ]);
  expect(found.commits[0].commit).toBe(shop.commits.login);
});

test('versions on lines of their own, and the same version twice, are told', async () => {
  const { repository } = shop;
  repository.git('switch', '-q', '-c', 'hotfix', 'v1.0');
  repository.commit({ message: 'Hotfix', files: { 'src/hotfix.ts': '\n' } });
  repository.git('tag', 'v1.0.1');
  repository.git('switch', '-q', 'main');
  expect((await ask({ from: '1.0.1' })).notes).toEqual([expect.stringMatching(/no ancestor of 1\.1/u)]);
  expect((await ask({ from: '1.1' })).notes).toEqual([expect.stringMatching(/no commit between/u)]);
});

test('a line that the file does not have leaves the file', async () => {
  const places: Question['places'] = [{ role: 'insert', file: 'src/session-store.ts', line: 900 }];
  const found = await ask({ places });
  expect(found.notes).toEqual([expect.stringMatching(/line 900 is not in src\/session-store\.ts .* it has 19 lines/u)]);
  const { login, logout } = shop.commits;
  expect(found.commits.slice(0, 2).map(({ commit }) => commit)).toEqual([logout, login]);
});
