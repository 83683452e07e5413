/** What is wrong with workloads, services, sources and repositories in `commands.test.ts`, and what is to be told. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A module with a leak that the rules find, in its second line. */
export const leaky = `const sessions = new Map();
export function open(user, sessionId) { sessions.set(sessionId, { user, cart: [] }); }
`;
const healthy = 'export const iterate = (i) => [i, i + 1].join();\n';
/** A file of a megabyte. */
export const megabyte = `export const data = [\n${'  1.5,\n'.repeat(200_000)}];\n`;
const served = (answer: string): string =>
  `import { createServer } from 'node:http';\ncreateServer((request, response) => { ${answer} }).listen(process.env.PORT, '127.0.0.1');\n`;

/** Something that is wrong, and what a command says of it. */
export interface Fault {
  readonly does: string;
  /** Of `ebb`; the first word stands in the table. */
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly code: number;
  /** What stands in what is printed. */
  readonly says: RegExp;
  /** In words, for the table. */
  readonly told: string;
  readonly before?: (folder: string) => void;
}

const git = (folder: string, ...args: string[]): void => {
  const identity = ['-c', 'user.name=ci', '-c', 'user.email=ci@example.test', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
};

/** A repository whose clone here has its last commit only. */
function cloneShallowly(folder: string): void {
  const origin = join(folder, 'origin');
  mkdirSync(origin);
  git(origin, 'init', '-q', '-b', 'main');
  for (const text of ['', leaky]) {
    writeFileSync(join(origin, 'store.js'), text);
    git(origin, 'add', '.');
    git(origin, 'commit', '-q', '--allow-empty', '-m', 'store');
  }
  git(folder, 'clone', '-q', '--depth', '1', `file://${origin}`, 'clone');
}

const service = ['--', process.execPath, 'service.mjs'];
const lockfile = JSON.stringify({
  lockfileVersion: 3,
  packages: Object.fromEntries(
    Array.from({ length: 20_000 }, (_, at) => [`node_modules/no-such-package-${String(at)}`, { version: '1.0.0' }]),
  ),
});

/** All of them. */
export const commandFaults: readonly Fault[] = [
  {
    does: 'a workload throws',
    args: ['test', 'work.mjs'],
    files: { 'work.mjs': "export const iterate = (i) => { if (i === 137) throw new RangeError('order ' + i); };\n" },
    code: 2,
    says: /iterate\(137\) of 'work\.mjs' threw RangeError: order 137[^]*work\.mjs:1[^]*\(EBB_TEST_ITERATE_FAILED\)\n {5}mend/u,
    told: '`EBB_TEST_ITERATE_FAILED`, with its stack',
  },
  {
    does: 'a workload hangs in an endless loop',
    args: ['test', '--stall-limit', '3', 'work.mjs'],
    files: { 'work.mjs': 'export const iterate = () => { for (;;); };\n' },
    code: 3,
    says: /has kept the event loop busy for 3 s, in iterate\(0\)[^]*\(EBB_TEST_STALLED\)\n {5}look for/u,
    told: '`EBB_TEST_STALLED`',
  },
  {
    does: 'a workload never settles',
    args: ['test', 'work.mjs'],
    files: { 'work.mjs': 'export const iterate = () => new Promise(() => {});\n' },
    code: 2,
    says: /iterate\(0\) of 'work\.mjs' never came to an end[^]*\(EBB_TEST_NEVER_SETTLES\)\n {5}look for/u,
    told: '`EBB_TEST_NEVER_SETTLES`',
  },
  {
    does: 'a workload leaks on purpose, and cleans up in `teardown()`',
    args: ['test', 'work.mjs'],
    files: {
      'work.mjs':
        'const kept = new Map();\nexport const iterate = (i) => { kept.set(i, { i, a: new Array(20).fill(i) }); };\nexport const teardown = () => kept.clear();\n',
    },
    code: 1,
    says: /^LEAK[^]*kept/u,
    told: 'the finding',
  },
  {
    does: 'a workload cleans up 100 ms after each call',
    args: ['test', 'work.mjs'],
    files: {
      'work.mjs':
        'const kept = new Set();\nexport async function iterate(i) {\n  const one = { i };\n  kept.add(one);\n  setTimeout(() => kept.delete(one), 100).unref();\n  await new Promise((go) => setTimeout(go, 1));\n}\n',
    },
    code: 0,
    says: /^(?:CLEAN|BOUNDED) /u,
    told: 'no leak',
  },
  {
    does: 'a workload uses fake timers',
    args: ['test', 'work.mjs'],
    files: { 'work.mjs': `import { mock } from 'node:test';\nmock.timers.enable();\n${healthy}` },
    code: 0,
    says: /^CLEAN /u,
    told: 'no leak',
  },
  {
    does: 'a workload forks',
    args: ['test', 'work.mjs'],
    files: {
      'work.mjs':
        "import { execFile } from 'node:child_process';\nimport { once } from 'node:events';\nexport const iterate = () => once(execFile('true'), 'exit');\n",
    },
    code: 0,
    says: /^(?:CLEAN|BOUNDED) /u,
    told: 'no leak',
  },
  {
    does: 'a workload exits with 0',
    args: ['test', 'work.mjs'],
    files: { 'work.mjs': 'export const iterate = (i) => { if (i === 90) process.exit(0); };\n' },
    code: 2,
    says: /exit code 0 in iterate\(90\) \(EBB_TEST_EXITED\)\n {5}let it return/u,
    told: '`EBB_TEST_EXITED`',
  },
  {
    does: 'a workload is TypeScript that is no code',
    args: ['test', 'work.ts'],
    files: { 'work.ts': 'export const iterate = (i: number => i;\n' },
    code: 2,
    says: /the import of 'work\.ts' threw[^]*SyntaxError[^]*\(EBB_TEST_IMPORT_FAILED\)\n {5}mend/u,
    told: '`EBB_TEST_IMPORT_FAILED`, with the place',
  },
  {
    does: 'a workload is TypeScript whose types do not fit',
    args: ['test', 'work.ts'],
    files: { 'work.ts': "export const iterate = (i: number): string => i + ('1' as unknown as number);\n" },
    code: 0,
    says: /^CLEAN /u,
    told: 'no leak: Node.js takes the types away',
  },
  {
    does: 'a workload is a file of a megabyte',
    args: ['test', 'work.mjs'],
    files: { 'work.mjs': megabyte + healthy },
    code: 0,
    says: /^CLEAN /u,
    told: 'no leak',
  },
  {
    does: 'a service throws at its start',
    args: ['soak', '--route', 'GET /', ...service],
    files: { 'service.mjs': "throw new Error('no database');\n" },
    code: 2,
    says: /Error: no database[^]*the service ended with exit code 1 before it listened \(EBB_CLI_SOAK_ENDED\)\n {5}look at/u,
    told: '`EBB_CLI_SOAK_ENDED`, below what the service printed',
  },
  {
    does: 'a service is TypeScript that is no code',
    args: ['soak', '--route', 'GET /', '--', process.execPath, 'service.ts'],
    files: { 'service.ts': 'const port: number = ;\n' },
    code: 2,
    says: /SyntaxError[^]*exit code 1 before it listened \(EBB_CLI_SOAK_ENDED\)\n {5}look at/u,
    told: '`EBB_CLI_SOAK_ENDED`, below what the service printed',
  },
  {
    does: 'a service never listens',
    args: ['soak', '--start-limit', '1', '--route', 'GET /', ...service],
    files: { 'service.mjs': 'setInterval(() => {}, 1000);\n' },
    code: 2,
    says: /none of its processes listens on a port after 1 s \(EBB_CLI_SOAK_NOT_LISTENING\)\n {5}say where/u,
    told: '`EBB_CLI_SOAK_NOT_LISTENING`',
  },
  {
    does: 'a service answers every request with 500',
    args: ['soak', '--route', 'GET /', ...service],
    files: { 'service.mjs': served('response.statusCode = 500; response.end();') },
    code: 2,
    says: /'GET \/' was not measured: 'GET \/' only fails: 500 \(EBB_CLI_SOAK_ROUTE_FAILED\)\n {5}check method/u,
    told: '`EBB_CLI_SOAK_ROUTE_FAILED`',
  },
  {
    does: 'a service answers some requests with 500',
    args: ['soak', '--route', 'GET /{i}', ...service],
    files: {
      'service.mjs': served("response.statusCode = request.url.endsWith('7') ? 500 : 200; response.end();"),
    },
    code: 0,
    says: /requests were not answered well \(\d+ × 500\)/u,
    told: 'no leak, and a warning with their number',
  },
  {
    does: 'a service takes a request and never answers',
    args: ['soak', '--request-limit', '0.2', '--route', 'GET /', ...service],
    files: { 'service.mjs': served("if (request.method === 'HEAD') response.end();") },
    code: 2,
    says: /'GET \/' only fails: ETIMEDOUT \(EBB_CLI_SOAK_ROUTE_FAILED\)\n {5}check method/u,
    told: '`EBB_CLI_SOAK_ROUTE_FAILED`',
  },
  {
    does: 'a service exits while it is asked',
    args: ['soak', '--route', 'GET /', ...service],
    files: { 'service.mjs': served("if (request.method === 'GET') process.exit(0); response.end();") },
    code: 2,
    says: /the service ended with exit code 0 while 'GET \/' was measured \(EBB_CLI_SOAK_ENDED\)\n {5}look at/u,
    told: '`EBB_CLI_SOAK_ENDED`',
  },
  {
    does: 'a service forks workers that answer in turns',
    args: ['soak', '--route', 'GET /', ...service],
    files: {
      'service.mjs': `import cluster from 'node:cluster';\nif (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();\nelse {\n  const { createServer } = await import('node:http');\n  createServer((request, response) => response.setHeader('connection', 'close').end()).listen(process.env.PORT, '127.0.0.1');\n}\n`,
    },
    code: 2,
    says: /requests are answered by several processes or threads \([\d, ]+\) \(EBB_CLI_SOAK_SEVERAL\)\n {5}start it/u,
    told: '`EBB_CLI_SOAK_SEVERAL`',
  },
  {
    does: 'an OpenAPI document of a megabyte',
    args: ['soak', '--openapi', 'openapi.json', ...service],
    files: {
      'openapi.json': JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'shop', version: '1', description: 'x'.repeat(1_000_000) },
        paths: { '/': { get: { responses: {} } } },
      }),
      'service.mjs': served('response.end();'),
    },
    code: 0,
    says: /^CLEAN {4}GET \//mu,
    told: 'its routes are measured',
  },
  {
    does: 'code that is none, alone',
    args: ['review'],
    files: { 'a.ts': 'export const a = 1;\nexport const = ;\n' },
    code: 2,
    says: /1 of 1 file could not be read as code: a\.ts:2: .* \(EBB_CLI_REVIEW_UNREAD\)\n {5}mend/u,
    told: '`EBB_CLI_REVIEW_UNREAD`, with the line',
  },
  {
    does: 'code that is none, beside other code',
    args: ['review'],
    files: { 'a.ts': 'export const = ;\n', 'store.js': leaky },
    code: 1,
    says: /no-unbounded-collection[^]*Not read:\n {2}a\.ts:1 /u,
    told: 'what the rest has; the file with its line under "Not read"',
  },
  {
    does: 'TypeScript whose types do not fit',
    args: ['review'],
    files: { 'store.ts': `const a: number = 'text';\n${leaky}`, 'tsconfig.json': '{}' },
    code: 1,
    says: /store\.ts\n[^]*no-unbounded-collection/u,
    told: 'what it has: types that do not fit are no hindrance',
  },
  {
    does: 'a file of a megabyte',
    args: ['review'],
    files: { 'bundle.js': megabyte, 'store.js': leaky },
    code: 1,
    says: /no-unbounded-collection[^]*Not read:\n {2}bundle\.js {2}1,\d{3},\d{3} bytes: .*--max-bytes/u,
    told: 'what the rest has; the file under "Not read", with `--max-bytes`',
  },
  {
    does: 'a file of a megabyte that is to be read',
    args: ['review', '--max-bytes', '4000000'],
    files: { 'bundle.js': megabyte + leaky },
    code: 1,
    says: /bundle\.js\n[^]*no-unbounded-collection/u,
    told: 'what it has',
  },
  {
    does: 'a folder without a repository, all of it',
    args: ['review'],
    files: { 'store.js': leaky },
    code: 1,
    says: /store\.js\n[^]*no-unbounded-collection/u,
    told: 'what it has',
  },
  {
    does: 'a folder without a repository, a change',
    args: ['review', '--base', 'main'],
    files: { 'store.js': leaky },
    code: 2,
    says: /'main' cannot be looked up: .* is in no git repository \(EBB_CLI_REVIEW_BASE\)\n {5}review the whole tree/u,
    told: '`EBB_CLI_REVIEW_BASE`',
  },
  {
    does: 'a repository without a commit, all of it',
    args: ['review'],
    files: { 'store.js': leaky },
    before: (folder) => {
      git(folder, 'init', '-q', '-b', 'main');
    },
    code: 1,
    says: /store\.js\n[^]*no-unbounded-collection/u,
    told: 'what it has',
  },
  {
    does: 'a repository without a commit, a change',
    args: ['review', '--base', 'main'],
    files: { 'store.js': leaky },
    before: (folder) => {
      git(folder, 'init', '-q', '-b', 'main');
    },
    code: 2,
    says: /'main' names no commit of .* \(EBB_CLI_REVIEW_BASE\)\n {5}check its spelling; a shallow clone.*fetch-depth: 0/u,
    told: '`EBB_CLI_REVIEW_BASE`',
  },
  {
    does: 'a shallow clone that has the last commit only, a change',
    args: ['review', 'clone', '--base', 'HEAD~1'],
    files: {},
    before: cloneShallowly,
    code: 2,
    says: /'HEAD~1' names no commit of .* \(EBB_CLI_REVIEW_BASE\)\n {5}check its spelling; a shallow clone.*fetch-depth: 0/u,
    told: '`EBB_CLI_REVIEW_BASE`',
  },
  {
    does: 'a folder without a lock file',
    args: ['audit'],
    files: { 'package.json': '{}' },
    code: 2,
    says: /there is no lock file in .* \(EBB_CLI_AUDIT_NO_LOCKFILE\)\n {5}give the folder/u,
    told: '`EBB_CLI_AUDIT_NO_LOCKFILE`',
  },
  {
    does: 'a lock file of a megabyte that was cut off',
    args: ['audit'],
    files: { 'package-lock.json': lockfile.slice(0, 1_000_000) },
    code: 2,
    says: /cannot be read as a lock file.* \(EBB_CLI_AUDIT_LOCKFILE\)\n {5}the message/u,
    told: '`EBB_CLI_AUDIT_LOCKFILE`',
  },
];
