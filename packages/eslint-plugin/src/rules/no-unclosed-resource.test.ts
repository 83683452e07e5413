import { Linter, RuleTester } from 'eslint';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';
import { expect, test, vi } from 'vitest';
import { javascript } from '../fixtures/rule-tester.ts';
import { fingerprintOf } from '../identity/fingerprint.ts';
import { noUnclosedResource } from './no-unclosed-resource.ts';

const rule = noUnclosedResource as never;
const follower = `
class Follower {
  constructor(feed) { this.subscription = feed.subscribe((order) => { this.last = order; }); }
  current() { return this.last; }
  close() { this.subscription.unsubscribe(); }
}`;
const disposable = `
class Live {
  constructor(feed) { this.feed = feed; feed.on('order', this.follow); }
  current() {}
  [Symbol.dispose]() { this.feed.off('order', this.follow); }
  follow = () => {};
}`;
const tick = `
class Poll {
  constructor() { this.timer = setInterval(() => this.tick(), 1000); }
  tick() {}
  stop() { clearInterval(this.timer); }
  async [Symbol.asyncDispose]() { this.stop(); }
}`;
const live = `
class Live {
  constructor(feed) { this.feed = feed; feed.on('order', this.follow); }
  current() {}
  close() { this.feed.off('order', this.follow); }
  follow = () => {};
}`;

javascript.run('no-unclosed-resource', rule, {
  valid: [
    {
      name: 'closed in the end',
      code: `${live} export function show(feed) { const figures = new Live(feed); try { return figures.current(); } finally { figures.close(); } }`,
    },
    {
      name: 'handed over',
      code: `${live} export function open(feed) { const figures = new Live(feed); return figures; }`,
    },
    {
      name: 'both sides of the branch',
      code: `${live} export function show(feed, res) { const figures = new Live(feed); if (res.stream) send(figures); else { res.send(figures.current()); figures.close(); } }`,
    },
    {
      name: 'closed after the branch',
      code: `${live} export function show(feed, res) { const figures = new Live(feed); if (res.stream) await1(figures); else res.send(figures.current()); figures.close(); }`,
    },
    {
      name: 'for as long as the program runs',
      code: `${live} const figures = new Live(feed); export const current = () => figures.current();`,
    },
    {
      name: 'closes by a handler',
      code: `${live} export function show(feed, res) { const figures = new Live(feed); res.on('close', () => figures.close()); res.send(figures.current()); }`,
    },
    {
      name: 'a class that needs no closing',
      code: "class Reader { constructor(feed) { this.feed = feed; } read() {} close() { this.feed.off('x', this.y); } } export function read(feed) { const reader = new Reader(feed); return reader.read(); }",
    },
    {
      name: 'a class that listens to itself',
      code: "class Job extends EventEmitter { constructor() { super(); this.on('done', this.end); } end() { this.off('done', this.end); } run() {} } export function run() { const job = new Job(); job.run(); }",
    },
    {
      name: 'a subscription that is ended in the end',
      code: `${follower} export function show(feed) { const follower = new Follower(feed); try { return follower.current(); } finally { follower.close(); } }`,
    },
    {
      name: 'a subscription to what the class makes itself',
      code: 'class Page { constructor() { this.input = new Subject(); this.subscription = this.input.subscribe(() => {}); } render() {} close() { this.subscription.unsubscribe(); } } export function show() { const page = new Page(); page.render(); }',
    },
    {
      name: 'a disposable that is disposed of by hand',
      code: `${disposable} export function show(feed) { const figures = new Live(feed); try { return figures.current(); } finally { figures[Symbol.dispose](); } }`,
    },
    {
      name: 'a disposable in a stack of disposables',
      code: `${disposable} export function show(feed) { using stack = new DisposableStack(); const figures = stack.use(new Live(feed)); return figures.current(); }`,
    },
    {
      name: 'a file that goes to a response by pipeline()',
      code: "import fs from 'node:fs'; import { pipeline } from 'node:stream'; app.get('/', (req, res) => { pipeline(fs.createReadStream('a'), res, () => {}); });",
    },
    {
      name: 'a file that is destroyed with the response',
      code: "import fs from 'node:fs'; app.get('/', (req, res) => { const file = fs.createReadStream('a'); res.on('close', () => file.destroy()); file.pipe(res); });",
    },
    {
      name: 'a file that somebody else is given',
      code: "import { createReadStream } from 'fs'; import onFinished from 'on-finished'; app.get('/', (req, res) => { const file = createReadStream('a'); destroyWith(res, file); file.pipe(res); });",
    },
    {
      name: 'a file that is piped elsewhere',
      code: "import fs from 'node:fs'; export const copy = (from, to) => fs.createReadStream(from).pipe(fs.createWriteStream(to));",
    },
    {
      name: 'another createReadStream',
      code: "import { createReadStream } from './store.js'; app.get('/', (req, res) => { createReadStream('a').pipe(res); });",
    },
    {
      name: 'using',
      code: `${live} export function show(feed) { using figures = new Live(feed); figures.current(); }`,
    },
  ],
  invalid: [
    {
      name: 'a file that is piped to a response',
      code: "import fs from 'node:fs'; app.get('/', (req, res) => { fs.createReadStream('a').on('error', () => res.end()).pipe(res); });",
      errors: [{ messageId: 'piped' }],
    },
    {
      name: 'a file in a variable',
      code: "const { createReadStream } = require('fs'); exports.send = (request, response) => { const file = createReadStream('a'); file.on('error', () => response.end()); file.pipe(response); };",
      errors: [{ messageId: 'piped' }],
    },
    {
      name: 'never',
      code: `${live} export function show(feed) { const figures = new Live(feed); return figures.current(); }`,
      errors: [{ messageId: 'never' }],
    },
    {
      name: 'on one side',
      code: `${live} export function show(feed, res) { const figures = new Live(feed); if (res.stream) { send(figures); } else { page(res, { figures: () => figures.current() }); } }`,
      errors: [{ messageId: 'oneSide' }],
    },
    {
      name: 'a subscription that is never ended',
      code: `${follower} export function show(feed) { const follower = new Follower(feed); return follower.current(); }`,
      errors: [{ messageId: 'never' }],
    },
    {
      name: 'a disposable that is not declared with using',
      code: `${disposable} export function show(feed) { const figures = new Live(feed); return figures.current(); }`,
      errors: [
        {
          messageId: 'disposable',
          suggestions: [
            {
              messageId: 'declare',
              output: `${disposable} export function show(feed) { using figures = new Live(feed); return figures.current(); }`,
            },
          ],
        },
      ],
    },
    {
      name: 'an asynchronous disposable in an async function',
      code: `${tick} export async function wait() { const poll = new Poll(); await poll.tick(); }`,
      errors: [
        {
          messageId: 'disposable',
          suggestions: [
            {
              messageId: 'declare',
              output: `${tick} export async function wait() { await using poll = new Poll(); await poll.tick(); }`,
            },
          ],
        },
      ],
    },
    {
      name: 'an asynchronous disposable where nothing can be awaited: without a suggestion',
      code: `${tick} export function wait() { const poll = new Poll(); poll.tick(); }`,
      errors: [{ messageId: 'disposable', suggestions: [] }],
    },
    {
      name: 'a disposable that is left open on one side',
      code: `${disposable} export function show(feed, res) { const figures = new Live(feed); if (res.stream) { send(figures); } else { page(res, { figures: () => figures.current() }); } }`,
      errors: [
        {
          message: /until \[Symbol\.dispose\]\(\) is called[^]*Call figures\[Symbol\.dispose\]\(\) there/u,
        },
      ],
    },
    {
      name: 'a class that ticks',
      code: 'class Poll { constructor() { this.timer = setInterval(() => this.tick(), 1000); } tick() {} stop() { clearInterval(this.timer); } } export function wait() { const poll = new Poll(); poll.tick(); }',
      errors: [{ messageId: 'never' }],
    },
  ],
});

const folder = join(import.meta.dirname, 'fixtures/typed');
const typed = new RuleTester({
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { project: './tsconfig.json', tsconfigRootDir: folder, disallowAutomaticSingleRunInference: true },
  },
});

typed.run('no-unclosed-resource, with types', rule, {
  valid: [
    {
      name: 'a class of another file, closed',
      filename: join(folder, 'routes.ts'),
      code: "import { LiveFigures, OrderFeed } from './live-figures.ts'; export function show(feed: OrderFeed): number { const live = new LiveFigures(feed); try { return live.current(); } finally { live.close(); } }",
    },
  ],
  invalid: [
    {
      name: 'a class of another file, left open: the leak is that of the class',
      filename: join(folder, 'routes.ts'),
      code: "import { LiveFigures, OrderFeed } from './live-figures.ts'; export function show(feed: OrderFeed): number { const live = new LiveFigures(feed); return live.current(); }",
      errors: [
        {
          messageId: 'never',
          data: {
            name: 'LiveFigures',
            symbol: 'order',
            closer: 'close',
            variable: 'live',
            call: 'live.close()',
            using: '',
            line: '',
            fingerprint: fingerprintOf({
              unit: '@ebb/eslint-plugin:src/rules/fixtures/typed/live-figures.ts',
              scope: 'OrderFeed',
              symbol: 'order',
              kind: 'listener',
            }),
          },
        },
      ],
    },
  ],
});

test('a file that is parsed twice in one run, as after a fix in CI: the rule is silent where the compiler throws', () => {
  vi.stubEnv('TSESTREE_SINGLE_RUN', 'true');
  try {
    const linter = new Linter({ cwd: folder });
    const lint = (more: string): readonly (string | null)[] =>
      linter
        .verify(
          `import { LiveFigures } from './live-figures.ts'; export const show = (feed: never): void => { const live = new LiveFigures(feed); live.current(); };${more}`,
          {
            files: ['**/*.ts'],
            languageOptions: {
              parser: tseslint.parser,
              parserOptions: { project: './tsconfig.json', tsconfigRootDir: folder },
            },
            plugins: { ebb: { rules: { 'no-unclosed-resource': rule } } },
            rules: { 'ebb/no-unclosed-resource': 'error' },
          },
          join(folder, 'routes.ts'),
        )
        .map(({ ruleId, message }) => ruleId ?? message);
    lint('');
    expect(lint('\n')).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});
