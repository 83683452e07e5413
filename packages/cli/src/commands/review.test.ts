import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ebb } from '../fixtures/run-ebb.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-review-'));
  folders.push(folder);
  write(folder, files);
  return folder;
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
}

function repositoryOf(files: Record<string, string>): string {
  const folder = folderOf(files);
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'start');
  return folder;
}

interface Told {
  format: string;
  base: string | null;
  files: number;
  findings: {
    rule: string;
    fingerprint: string;
    message: string;
    location: { repoPath: string; line: number; column: number };
  }[];
  checklist: { repoPath: string; topic: string; questions: string[] }[];
  unread: { repoPath: string; reason: string; line: number | null }[];
}

async function reviewOf(folder: string, ...args: string[]): Promise<{ told: Told; code: number | null }> {
  const { stdout, stderr, code } = await ebb(['review', folder, '--json', ...args]);
  expect(stderr).toMatch(code === 2 ? /\(EBB_CLI_REVIEW_UNREAD\)\n {5}mend/u : /^$/u);
  return { told: JSON.parse(stdout.toString()) as Told, code };
}

const store = (close: string): string => `export class SessionStore {
  private readonly sessions = new Map<string, { id: string }>();
  open(session: { id: string }): void {
    this.sessions.set(session.id, session);
  }
  ${close}
}
export const sessions = new SessionStore();
`;
const closing = 'close(id: string): void {\n    this.sessions.delete(id);\n  }';

test('a tree without a leak ends with 0, one with a leak pattern with 1', async () => {
  const healthy = await reviewOf(folderOf({ 'src/store.ts': store(closing) }));
  expect(healthy).toMatchObject({ code: 0, told: { format: 'ebb.review/1', base: null, files: 1, findings: [] } });
  const leaky = await reviewOf(folderOf({ 'src/store.ts': store('') }));
  expect(leaky.code).toBe(1);
  expect(leaky.told.findings).toEqual([
    expect.objectContaining({
      rule: 'ebb/no-unbounded-collection',
      location: expect.objectContaining({ repoPath: 'src/store.ts', line: 4 }) as unknown,
    }),
  ]);
});

test('of a change, only what is new is told, with the checklist of what was touched', async () => {
  const folder = repositoryOf({
    'src/old.ts':
      'const hits = new Map<string, number>();\nexport function hit(ip: string): void {\n  hits.set(ip, 1);\n}\n',
    'src/session-store.ts': store(closing),
  });
  write(folder, { 'src/old.ts': `// A line more.\n${readFileSync(join(folder, 'src/old.ts'), 'utf8')}` });
  const same = await reviewOf(folder, '--base', 'main');
  expect(same).toMatchObject({ code: 0, told: { files: 1, findings: [], checklist: [] } });
  write(folder, { 'src/session-store.ts': store('') });
  const { told, code } = await reviewOf(folder, '--base', 'main');
  expect(code).toBe(1);
  expect(told.findings.map(({ rule, location }) => [rule, location.repoPath])).toEqual([
    ['ebb/no-unbounded-collection', 'src/session-store.ts'],
  ]);
  expect(told.checklist).toEqual([expect.objectContaining({ repoPath: 'src/session-store.ts', topic: 'session' })]);
});

const cache = (bound: string, seen = ''): string => `
const pages = new Map();
export function render(name, make) {
  ${seen}
  ${bound}
  if (!pages.has(name)) pages.set(name, make(name));
  return pages.get(name);
}
`;

test.each([
  ['a removal that went away', cache('if (pages.has("old")) pages.delete("old");'), cache(''), 'diff/removal-gone'],
  ['a bound that was removed', cache('if (pages.size > 100) return make(name);'), cache(''), 'diff/bound-gone'],
  [
    'state that became longer-lived',
    'export function load(names) {\n  const seen = new Set();\n  for (const name of names) seen.add(name);\n  return seen.size;\n}\n',
    'const seen = new Set();\nexport function load(names) {\n  for (const name of names) seen.add(name);\n  return seen.size;\n}\n',
    'diff/longer-lived',
  ],
  [
    'a listener that is not taken off any more',
    "export class Live {\n  open(feed) { this.feed = feed; feed.on('order', this.follow); }\n  close() { this.feed.off('order', this.follow); }\n}\n",
    "export class Live {\n  open(feed) { this.feed = feed; feed.on('order', this.follow); }\n  close() { this.feed = null; }\n}\n",
    'diff/listener-stays',
  ],
  [
    'an interval that is not cleared any more',
    'export class Poll {\n  start() { this.timer = setInterval(tick, 1000); }\n  stop() { clearInterval(this.timer); }\n}\n',
    'export class Poll {\n  start() { this.timer = setInterval(tick, 1000); }\n  stop() { this.timer = null; }\n}\n',
    'diff/interval-stays',
  ],
])('%s is seen in the change, and not in the tree alone', async (_, before, after, rule) => {
  const folder = repositoryOf({ 'src/thing.js': before });
  write(folder, { 'src/thing.js': after });
  const change = await reviewOf(folder, '--base', 'HEAD');
  expect(change.told.findings.map((finding) => finding.rule)).toEqual([rule]);
  expect(change.code).toBe(1);
  expect((await reviewOf(folder)).code).toBe(0);
});

test('a change is held against where it began, and renamed and new files are read', async () => {
  const folder = repositoryOf({ 'src/a.js': cache('') });
  git(folder, 'checkout', '-q', '-b', 'feature');
  git(folder, 'mv', 'src/a.js', 'src/b.js');
  git(folder, 'commit', '-q', '-m', 'move');
  git(folder, 'checkout', '-q', 'main');
  write(folder, { 'src/other.js': 'export const others = 1;\n' });
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'work of others');
  git(folder, 'checkout', '-q', 'feature');
  write(folder, { 'src/new.js': 'const seen = new Set();\nexport const see = (token) => seen.add(token);\n' });
  const { told } = await reviewOf(folder, '--base', 'main');
  expect(told.files).toBe(2);
  expect(told.findings.map(({ location }) => location.repoPath)).toEqual(['src/new.js']);
});

test('a baseline leaves out what is known, and nothing else; it holds when lines move', async () => {
  const folder = folderOf({ 'src/store.ts': store('') });
  const baseline = join(folder, 'baseline.json');
  expect((await reviewOf(folder, '--write-baseline', baseline)).code).toBe(0);
  write(folder, { 'src/store.ts': `// moved\n${store('')}` });
  expect((await reviewOf(folder, '--baseline', baseline)).code).toBe(0);
  write(folder, { 'src/hits.js': 'const hits = {};\nexport const hit = (ip) => { hits[ip] = 1; };\n' });
  const { told, code } = await reviewOf(folder, '--baseline', baseline);
  expect(code).toBe(1);
  expect(told.findings.map(({ location }) => location.repoPath)).toEqual(['src/hits.js']);
});

test('a link is not followed out of the tree', async () => {
  const outside = folderOf({ 'store.ts': store('') });
  const folder = repositoryOf({ 'a.js': 'export const a = 1;\n' });
  symlinkSync(join(outside, 'store.ts'), join(folder, 'store.ts'));
  expect(await reviewOf(folder)).toMatchObject({ code: 0, told: { files: 1 } });
  expect(await reviewOf(folder, '--base', 'main')).toMatchObject({ code: 0, told: { files: 0 } });
});

test('a line that is excused in the code is left out', async () => {
  const excused = store('').replace(
    '    this.sessions.set',
    '    // eslint-disable-next-line ebb/no-unbounded-collection -- three tenants\n    this.sessions.set',
  );
  expect((await reviewOf(folderOf({ 'a.ts': excused }))).code).toBe(0);
});

test('files that are no code are named with their line, code that does not compile is reviewed', async () => {
  const broken = await reviewOf(folderOf({ 'src/broken.ts': 'export const a = 1;\nexport const = ;\n' }));
  expect(broken.code).toBe(2);
  expect(broken.told.unread).toEqual([expect.objectContaining({ repoPath: 'src/broken.ts', line: 2 })]);
  const beside = folderOf({ 'src/broken.ts': 'export const = ;\n', 'src/whole.ts': 'export const a = 1;\n' });
  const others = await reviewOf(beside);
  expect(others.code).toBe(0); // the rest decides
  expect(others.told.unread).toEqual([expect.objectContaining({ repoPath: 'src/broken.ts', line: 1 })]);
  expect((await reviewOf(beside, '--fail-unread')).code).toBe(2);
  const wrong = await reviewOf(
    folderOf({ 'src/wrong.ts': `export const a: number = 'text';\n${store('')}`, 'tsconfig.json': '{}' }),
  );
  expect(wrong.code).toBe(1);
});

test('a file of a megabyte is named and not read; tests, declarations and node_modules are not even named', async () => {
  const folder = folderOf({
    'bundle.js': `export const a = [\n${'1,\n'.repeat(400_000)}];\n`,
    'store.test.js': cache(''),
    'node_modules/x/index.js': 'const hits = {}; exports.hit = (ip) => { hits[ip] = 1; };',
    'types.d.ts': 'export declare const a: number;',
  });
  const { told, code } = await reviewOf(folder);
  expect(code).toBe(0);
  expect(told).toMatchObject({ files: 0, unread: [{ repoPath: 'bundle.js' }] });
});

test.each([
  ['a folder without a repository', () => folderOf({ 'a.js': '' })],
  ['a revision that does not exist', () => repositoryOf({ 'a.js': '' })],
])('%s: clear words, and the exit code 2', async (_, make) => {
  const { stderr, code } = await ebb(['review', make(), '--base', 'no-such-revision']);
  expect(stderr).toContain('EBB_CLI_REVIEW_BASE');
  expect(code).toBe(2);
});

test('what is no folder and no baseline is told so', async () => {
  const folder = folderOf({ 'a.js': '', 'baseline.json': '{"format":"other"}' });
  const noFolder = await ebb(['review', join(folder, 'a.js')]);
  expect(noFolder.stderr).toContain('EBB_CLI_REVIEW_FOLDER');
  const noBaseline = await ebb(['review', folder, '--baseline', join(folder, 'baseline.json')]);
  expect(noBaseline.stderr).toContain('EBB_CLI_REVIEW_BASELINE');
  expect([noFolder.code, noBaseline.code]).toEqual([2, 2]);
});

test('SARIF has the fingerprint, and the way from where something is stored to where it is not released', async () => {
  const folder = folderOf({ 'src/my store.ts': store('') });
  const sarif = join(folder, 'ebb.sarif');
  await reviewOf(folder, '--sarif', sarif);
  const { runs } = JSON.parse(readFileSync(sarif, 'utf8')) as { runs: { results: Record<string, never>[] }[] };
  expect(runs[0].results).toEqual([
    expect.objectContaining({
      ruleId: 'ebb/no-unbounded-collection',
      partialFingerprints: { 'ebbLeak/v1': expect.stringMatching(/^[0-9a-f]{12}$/u) as unknown },
    }),
  ]);
  const [{ codeFlows, locations }] = runs[0].results as unknown as {
    locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
    codeFlows: {
      threadFlows: {
        locations: {
          location: {
            physicalLocation: { region: { startLine: number; startColumn: number } };
            message: { text: string };
          };
        }[];
      }[];
    }[];
  }[];
  expect(locations[0].physicalLocation.artifactLocation.uri).toBe('src/my%20store.ts');
  expect(
    codeFlows[0].threadFlows[0].locations.map(({ location: { physicalLocation, message } }) => [
      physicalLocation.region.startLine,
      physicalLocation.region.startColumn,
      message.text,
    ]),
  ).toEqual([
    [2, 3, 'sessions (Map) is made here'],
    [4, 5, 'this adds to sessions'],
    [5, 3, 'the function ends here, and nothing in this file takes out of sessions'],
  ]);
});

test.each([
  [
    'a listener',
    "import { bus } from './bus.js';\nexport function show(req, res) {\n  bus.on('order', (order) => res.write(order));\n  res.end();\n}\n",
    [
      [3, 'the listener is added here'],
      [5, 'the function ends here, and nothing has taken the listener off'],
    ],
  ],
  [
    'an instance',
    "class Live {\n  constructor(feed) { this.feed = feed; feed.on('order', this.follow); }\n  close() { this.feed.off('order', this.follow); }\n}\nexport const show = (feed) => {\n  const live = new Live(feed);\n  return live.current;\n};\n",
    [
      [6, 'this has to be closed'],
      [8, 'the function ends here, and on a way to it nothing has closed it'],
    ],
  ],
  [
    'what stands in no function',
    "import session from 'express-session';\nexport default session({ secret: 'x' });\n",
    [[2, 'this is kept']],
  ],
])('%s, too, has its way in SARIF: stored here, never released there', async (_what, code, way) => {
  const folder = folderOf({ 'src/shop.js': code });
  const sarif = join(folder, 'ebb.sarif');
  await reviewOf(folder, '--sarif', sarif);
  const { runs } = JSON.parse(readFileSync(sarif, 'utf8')) as {
    runs: {
      results: {
        codeFlows: {
          threadFlows: {
            locations: {
              location: { physicalLocation: { region: { startLine: number } }; message: { text: string } };
            }[];
          }[];
        }[];
      }[];
    }[];
  };
  const steps = runs[0].results[0].codeFlows[0].threadFlows[0].locations.map(({ location }) => [
    location.physicalLocation.region.startLine,
    location.message.text,
  ]);
  expect(steps).toEqual(way);
});

test('a cache that is touched brings its own checklist', async () => {
  const folder = repositoryOf({ 'src/page-cache.js': cache('if (pages.size > 100) return make(name);') });
  write(folder, { 'src/page-cache.js': cache('if (pages.size > 200) return make(name);') });
  const { told, code } = await reviewOf(folder, '--base', 'HEAD');
  expect(code).toBe(0);
  expect(told.checklist).toMatchObject([{ repoPath: 'src/page-cache.js', topic: 'cache' }]);
  expect(told.checklist[0].questions.join(' ')).toContain('the most that it holds');
});

test('Reviewdog gets each finding at its place, columns counted in bytes, and what was not read as warnings', async () => {
  const folder = folderOf({
    'src/store.ts': "const hits = new Map();\n/* größer */ export const hit = (ip) => { hits.set(ip, '𐐀'); };\n",
    'src/broken.ts': 'export const = ;\n',
  });
  const { told } = await reviewOf(folder, '--rdjson', join(folder, 'rd.json'));
  const [finding] = told.findings;
  // As `message DiagnosticResult` of reviewdog.proto has it; what is not in it, reviewdog refuses.
  expect(JSON.parse(readFileSync(join(folder, 'rd.json'), 'utf8'))).toEqual({
    source: { name: 'ebb review' },
    diagnostics: [
      {
        message: `${finding.message} (leak ${finding.fingerprint})`,
        location: { path: 'src/store.ts', range: { start: { line: 2, column: finding.location.column + 2 } } },
        severity: 'ERROR',
        code: { value: finding.rule },
      },
      {
        message: expect.stringMatching(/^not read: /u) as string,
        location: { path: 'src/broken.ts', range: { start: { line: 1 } } },
        severity: 'WARNING',
      },
    ],
  });
});

test('people read the file, the line, what to do, and a sum', async () => {
  const { stdout } = await ebb(['review', folderOf({ 'src/store.ts': store('') })]);
  const text = stdout.toString();
  expect(text).toContain('src/store.ts\n  LEAK  4:5  ebb/no-unbounded-collection  ');
  expect(text).toContain('Delete entries when their work is done');
  expect(text.trimEnd().split('\n').at(-1)).toBe('1 found in 1 file.');
});

const storefront = join(import.meta.dirname, '../../../../examples/storefront');

test('the leaks of the storefront are found in its source: the session of 1.1, and the listener of 2.0 with types', async () => {
  const { told, code } = await reviewOf(storefront);
  expect(code).toBe(1);
  expect(told.findings.map(({ rule, location }) => `${rule} ${location.repoPath}`)).toEqual([
    'ebb/no-unclosed-resource examples/storefront/src/dashboard/dashboard-routes.ts',
    'ebb/no-stale-key examples/storefront/src/session/session-store.ts',
  ]);
});
