// The suite-wide mode in each test runner: a test file that tidies up in its own last hook passes, one that leaves something
// behind fails, with what and where. The files stand in a project of their own, as a user's would.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, type Ended } from './testing-faults/run.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const runners = join(repository, 'test/runners');
const project = realpathSync(mkdtempSync(join(tmpdir(), 'ebb-leftovers-')));
const SLOW_MS = 480_000;

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

/** What the tests call: a module of the project. */
const orders = `import { createServer } from 'node:net';
import { once } from 'node:events';
const orders = new Map();
let server;
let timer;
const onSignal = () => undefined;
export async function open() {
  server = createServer().listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  timer = setInterval(() => undefined, 60_000).unref();
  process.on('SIGUSR2', onSignal);
  globalThis.lastOrder = 40;
}
export function close() {
  server.close();
  clearInterval(timer);
  process.off('SIGUSR2', onSignal);
  delete globalThis.lastOrder;
}
export function order(id) {
  orders.set(id, { id, lines: [{ product: 'product of ' + id, pieces: 1 }] });
}
export function forget() {
  orders.clear();
}
`;

/** A test file: it opens something, orders something, and ends both in its own last hook, unless it is to leave it. */
const file = (imports: string, before: string, after: string): string => `${imports}
import { close, forget, open, order } from './orders.mjs';
const leaves = (process.env.LEAVES ?? '').split(',');
${after}(() => {
  if (!leaves.includes('resources')) close();
  if (!leaves.includes('state')) forget();
});
${before}(async () => {
  await open();
});
test('orders', () => {
  for (let at = 0; at < 40; at++) order('order ' + at);
});
`;

const files: Readonly<Record<string, string>> = {
  'package.json': '{"name":"shop","type":"module"}',
  'orders.mjs': orders,
  'vitest.mjs': file("import { afterAll, beforeAll, test } from 'vitest';", 'beforeAll', 'afterAll'),
  'vitest.config.mjs': `const entry = process.env.STATE ? 'vitest-module-state' : 'vitest-leftovers';
export default { cacheDir: '.vite', test: { include: ['vitest.mjs'], setupFiles: ['@ebb/testing/' + entry] } };
`,
  'jest.mjs': file('', 'beforeAll', 'afterAll'),
  'jest.config.mjs':
    "export default { testMatch: ['**/jest.mjs'], transform: {}, testEnvironment: './environment.mjs' };\n",
  'environment.mjs': `import { withLeftovers } from '@ebb/testing/jest-environment';
import { TestEnvironment } from 'jest-environment-node';
export default withLeftovers(TestEnvironment, { moduleState: Boolean(process.env.STATE) });
`,
  'setup-node.mjs': `import { after, before, beforeEach } from 'node:test';
import { failOnLeftovers } from '@ebb/testing';
failOnLeftovers({ before, beforeEach, after }, { moduleState: Boolean(process.env.STATE) });
`,
  'node-test.mjs': file(
    "import './setup-node.mjs';\nimport { after, before, test } from 'node:test';",
    'before',
    'after',
  ),
  'setup-mocha.mjs': `import { after, before, beforeEach } from 'mocha';
import { failOnLeftovers } from '@ebb/testing';
failOnLeftovers({ before, beforeEach, after }, { moduleState: Boolean(process.env.STATE) });
`,
  'mocha.mjs': file("import { after, before, it as test } from 'mocha';", 'before', 'after'),
  'playwright.mjs': file(
    `import { test as base } from '@playwright/test';
import { leftoversOfWorkers } from '@ebb/testing/playwright';
const test = base.extend(leftoversOfWorkers({ moduleState: Boolean(process.env.STATE) }));`,
    'test.beforeAll',
    'test.afterAll',
  ),
  'playwright.config.mjs':
    "export default { testMatch: 'playwright.mjs', timeout: 240_000, workers: 1, outputDir: 'out' };\n",
};

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const own = join(repository, 'node_modules');
  const others = join(runners, 'node_modules');
  const packages = [
    ...['@ebb/testing', 'vitest', 'vite'].map((name) => [name, own] as const),
    ...['@playwright/test', 'jest', 'jest-environment-node', 'mocha'].map((name) => [name, others] as const),
  ];
  for (const [name, from] of packages) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(from, name), join(project, 'node_modules', name));
  }
});

const own = createRequire(import.meta.url);
const ofRunners = createRequire(join(runners, 'package.json'));
const programs: readonly { name: string; args: readonly string[] }[] = [
  {
    name: 'vitest',
    args: [join(dirname(own.resolve('vitest/package.json')), 'vitest.mjs'), 'run', '--config', 'vitest.config.mjs'],
  },
  {
    name: 'jest',
    args: [
      '--experimental-vm-modules',
      ofRunners.resolve('jest/bin/jest'),
      '--no-cache',
      '--config',
      'jest.config.mjs',
    ],
  },
  { name: 'node:test', args: ['--test', 'node-test.mjs'] },
  {
    name: 'mocha',
    args: [ofRunners.resolve('mocha/bin/mocha.js'), '--timeout', '0', '--file', 'setup-mocha.mjs', 'mocha.mjs'],
  },
  {
    name: 'Playwright',
    args: [ofRunners.resolve('@playwright/test/cli'), 'test', '--config', 'playwright.config.mjs'],
  },
];

async function told(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ text: string; ended: Ended }> {
  const ended = await run(args, project, env);
  return { text: `${ended.stdout}\n${ended.stderr}`, ended };
}

it.each(programs)(
  '$name: a test file that closes all in its own last hook passes, one that does not fails with each thing and its line',
  async ({ args }) => {
    const tidy = await told(args, {});
    expect(tidy.text).not.toContain('leaves behind');
    expect(tidy.ended.code).toBe(0);
    const left = await told(args, { LEAVES: 'resources' });
    expect(left.ended.code).toBeGreaterThan(0);
    expect(left.text).toContain('this file leaves behind what it made:');
    expect(left.text).toMatch(/setInterval, made at \S*orders\.mjs:10:\d+/u);
    expect(left.text).toMatch(/listener of process "SIGUSR2", made at \S*orders\.mjs:11:\d+/u);
    expect(left.text).toContain('TCPSERVERWRAP');
    expect(left.text).toContain('globalThis.lastOrder');
  },
  SLOW_MS,
);

it.each(programs)(
  '$name: where module state is asked for, a test file fails whose modules keep what it made',
  async ({ args }) => {
    const tidy = await told(args, { STATE: '1' });
    expect(tidy.text).not.toContain('leaves behind');
    expect(tidy.ended.code).toBe(0);
    const left = await told(args, { STATE: '1', LEAVES: 'state' });
    expect(left.text).toMatch(/orders \(Map\), \d+ more than before, at \S*orders\.mjs:\d+:\d+/u);
    expect(left.ended.code).toBeGreaterThan(0);
  },
  SLOW_MS,
);
