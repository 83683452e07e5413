// Histories and names that are not as one would wish, with real repositories.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../command-line.ts';
import { describeError } from '../errors/describe.ts';
import { GitRepository } from '../fixtures/git-repository.ts';
import { loginLine, shopHistory, type ShopHistory } from '../fixtures/shop-history.ts';

let shop: ShopHistory;
const usualPath = process.env['PATH'];
const elsewhere = mkdtempSync(join(tmpdir(), 'ebb-no-git-'));
beforeAll(() => {
  shop = shopHistory();
});
beforeEach(() => {
  // A temporary folder may lie in somebody's repository.
  vi.stubEnv('GIT_CEILING_DIRECTORIES', tmpdir());
});
afterAll(() => {
  shop.repository.remove();
  rmSync(elsewhere, { recursive: true });
});

interface Answer {
  code: number;
  error: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
}

async function ebb(folder: string, args: readonly string[]): Promise<Answer> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    const code = await runCommandLine(['deploy', 'blame', '--json', '--repo', folder, ...args]);
    return { code, error: '', json: JSON.parse(text) };
  } catch (thrown) {
    const { exitCode, text: error } = describeError(thrown);
    return { code: exitCode, error, json: null };
  } finally {
    write.mockRestore();
  }
}
const place = (folder: string, file = `src/session-store.ts:${loginLine}`): string => join(folder, file);

test('no repository, an empty one, a folder that is not there, no git', async () => {
  const cases: [string, string, string | undefined, number, RegExp][] = [
    [elsewhere, 'a.ts:1', undefined, 2, /is in no git repository \(EBB_CLI_BLAME_REPOSITORY\)/u],
    [join(elsewhere, 'gone'), 'a.ts:1', undefined, 2, /there is no folder .*EBB_CLI_BLAME_REPOSITORY/u],
    [shop.repository.folder, place(shop.repository.folder), elsewhere, 3, /git was not found \(EBB_CLI_BLAME_GIT\)/u],
  ];
  const empty = new GitRepository();
  cases.push([empty.folder, 'a.ts:1', undefined, 2, /has no commit yet/u]);
  for (const [folder, file, path, code, words] of cases) {
    if (path !== undefined) vi.stubEnv('PATH', path);
    const told = await ebb(folder, [file]);
    vi.stubEnv('PATH', usualPath);
    expect([told.code, told.error]).toEqual([code, expect.stringMatching(words)]);
  }
  empty.remove();
}, 60_000);

test('a shallow clone says what is not in it, and how to get the rest', async () => {
  const clone = join(elsewhere, 'shallow');
  execFileSync('git', ['clone', '-q', '--depth', '3', `file://${shop.repository.folder}`, clone]);
  const found = await ebb(clone, [place(clone), '--holder', 'sessions']);
  expect(found.code).toBe(0);
  expect(found.json.notes).toEqual([expect.stringMatching(/the clone is shallow/u)]);
  const unknown = await ebb(clone, [place(clone), '--from', shop.commits.start]);
  expect([unknown.code, unknown.error]).toEqual([2, expect.stringMatching(/EBB_CLI_BLAME_REVISION.*\n.*--unshallow/u)]);
}, 60_000);

test('a revision that was pushed over, and a version without a tag, are no revisions', async () => {
  const { folder } = shop.repository;
  for (const from of ['0123456789abcdef0123456789abcdef01234567', '7.7.7', '']) {
    const told = await ebb(folder, [place(folder), '--from', from]);
    expect([from, told.code, told.error]).toEqual([
      from,
      2,
      expect.stringMatching(/names no commit of .*EBB_CLI_BLAME_REVISION/u),
    ]);
  }
}, 60_000);

test('names are never options, patterns or commands', async () => {
  const repository = new GitRepository();
  const text = 'export const all = [];\nexport const add = (x) => all.push(x);\n';
  const names = ['-o.ts', '$(touch pwned).ts', '[a-z]*.ts', ':(top)x.ts', 'a b\tc.ts'];
  const first = repository.commit({ message: 'x', files: Object.fromEntries(names.map((name) => [name, text])) });
  repository.commit({ message: 'other', files: { 'a.ts': text, 'x.ts': text } });
  for (const name of names) {
    const { code, json } = await ebb(repository.folder, ['--holder', 'all', '--', `${repository.folder}/${name}:2`]);
    expect([name, code]).toEqual([name, 0]);
    expect(json.commits.map(({ commit }: { commit: string }) => commit)).toEqual([first]);
  }
  const output = join(elsewhere, 'written');
  for (const from of [`--output=${output}`, '--all', '-p', 'HEAD; touch pwned', 'HEAD..HEAD']) {
    const { code, error } = await ebb(repository.folder, [`${repository.folder}/a.ts:1`, `--from=${from}`]);
    expect([from, code, error]).toEqual([from, 2, expect.stringContaining('EBB_CLI_BLAME_REVISION')]);
  }
  expect(existsSync(output)).toBe(false);
  expect(existsSync(join(repository.folder, 'pwned'))).toBe(false);
  repository.remove();
}, 60_000);

test('a file that was renamed is followed to both sides', async () => {
  const repository = new GitRepository();
  const text = (line: string): string =>
    `export const seen = new Map();\n${'// a line of its own\n'.repeat(20)}${line}\n`;
  repository.commit({ message: 'one', files: { 'lib/seen.ts': text('') } });
  const leak = repository.commit({
    message: 'leak',
    files: { 'lib/seen.ts': text('export const see = (k) => seen.set(k, 1);') },
  });
  repository.git('tag', '2.0');
  repository.git('mv', 'lib/seen.ts', 'known.ts');
  repository.commit({ message: 'moved', files: {} });
  const { folder } = repository;
  const now = await ebb(folder, [`${folder}/known.ts:22`, '--holder', 'seen']);
  expect(now.json.commits[0].commit).toBe(leak);
  const then = await ebb(folder, [`${folder}/known.ts:22`, '--holder', 'seen', '--to', '2.0']);
  expect(then.json.notes).toEqual([expect.stringMatching(/known\.ts was called lib\/seen\.ts at/u)]);
  expect(then.json.commits[0].commit).toBe(leak);
  repository.remove();
}, 60_000);

test('a file outside of the repository, and one that was not there, are refused', async () => {
  const { folder } = shop.repository;
  const secret = join(elsewhere, 'secret.ts');
  writeFileSync(secret, '1\n');
  for (const [file, words] of [
    [`${secret}:1`, /is outside of the repository/u],
    [join(folder, 'src/none.ts'), /there is no file src\/none\.ts at/u],
    [join(folder, 'src'), /there is no file src at/u],
  ] as const) {
    const { code, error } = await ebb(folder, [file]);
    expect([code, error]).toEqual([2, expect.stringMatching(words)]);
    expect(error).toContain('EBB_CLI_BLAME_PLACE');
  }
}, 60_000);

test('a report from another machine is read by what its files are called here', async () => {
  const { folder } = shop.repository;
  const report = join(elsewhere, 'leak.json');
  const location = { file: '/srv/app/src/session-store.ts', line: loginLine, column: 5 };
  const finding = {
    fingerprint: '7f3a91c2',
    verdict: 'leak',
    holder: { name: 'SessionStore.sessions', location: null },
  };
  writeFileSync(report, JSON.stringify({ findings: [{ ...finding, insertedAt: location }] }));
  const { code, json } = await ebb(folder, ['--report', report, '--from', 'v1.0', '--to', 'v1.1']);
  expect(code).toBe(0);
  expect(json.places).toMatchObject([{ path: 'src/session-store.ts', functionName: 'login' }]);
  expect(json.commits[0].commit).toBe(shop.commits.login);
  mkdirSync(join(elsewhere, 'reports'));
  for (const [text, words] of [
    ['{', /cannot be read/u],
    ['{"findings":[{}]}', /is no report of findings/u],
    [JSON.stringify({ findings: [finding] }), /has no finding with a place in the code/u],
  ] as const) {
    writeFileSync(report, text);
    const told = await ebb(folder, ['--report', report]);
    expect([told.code, told.error]).toEqual([2, expect.stringMatching(words)]);
  }
}, 60_000);
