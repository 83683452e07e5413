import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRules } from './read-rules.ts';
import { rulesFor, usualAlertRules } from './rules.ts';

const minute = 60_000;
const told = (text: string, environment?: Record<string, string>): string[] =>
  readRules(text, environment).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

test('an empty file has the usual rules: incidents are kept, nobody is told', () => {
  for (const text of ['', '# nothing yet\n', '---\n']) expect(readRules(text).rules).toEqual(usualAlertRules);
});

test('every example of the guide can be used', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../../docs/guide/alerting.md'), 'utf8');
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(2);
  for (const text of examples) expect(told(text)).toEqual([]);
});

test('what is wrong is told all at once, each with its line and column, and the name that was likely meant', () => {
  const text = `levls: { page_within: 1h }
levels:
  page_within: 2d
  warn_within: often
high_memory: { above: 900%, for: 5, level: pager }
routes:
  - to: [team, teem]
    match: { servce: shop, min_level: urgent }
  - group_by: [service]
receivers:
  team:
    webhook: { url: "ftp://x", secret_env: hunter2 }
  two: { slack: {}, email: {} }
  bad name!: { webhook: { url: "http://me:pass@x/" } }
`;
  expect(told(text)).toEqual([
    "1:1 there is no 'levls' here; was 'levels' meant?",
    '3:3 levels: page_within is longer than warn_within: nothing would be a warning',
    '4:16 warn_within: is a duration like 90s, 5m or 1h30m, from 1s to 365d',
    '5:23 above: is a share like 90% or 0.9',
    '5:34 for: is a duration like 90s, 5m or 1h30m, up to 6h',
    "5:44 level: is one of notice, warning, page; was 'page' meant?",
    "7:16 to 2: there is no receiver 'teem'; was 'team' meant?",
    "8:14 there is no 'servce' here; was 'service' meant?",
    '8:39 min_level: is one of notice, warning, page',
    "9:5 'to' is missing here",
    '12:21 url: is no URL that begins with http:// or https://',
    '12:44 secret_env: is the name of an environment variable that begins with EBB_, not the secret itself',
    '13:8 a receiver is one of webhook, alertmanager, slack, pagerduty, email',
    "14:14 bad name!: 'bad name!' is no name: letters, digits, dots and dashes, 60 at most",
    '14:32 url: a password does not belong into the file: name a variable with url_env',
  ]);
});

test.each([
  ['routes: [', /^1:/],
  ['a: 1\na: 2\n', /unique/],
  ['- 1\n- 2\n', /is a map of names and values/],
  ['just words', /is a map of names and values/],
  ['levels: 5\n', /is a map of names and values/],
  ['routes: { to: x }\n', /is a list/],
  ['levels:\n', /is a map of names and values/],
  ['1: 2\n', /a name is a text/],
  ['? [a, b]\n: 1\n', /a name is a text/],
  ['url: !!binary aGk=\n', /a tag is not taken/],
  ['url: "javascript:alert(1)"\n', /is no URL/],
  ['url: http://a\n---\nurl: http://b\n', /document/i],
  ['flapping: { times: 1 }\n', /is a whole number from 2 to 100/],
  [`url: ${'x'.repeat(300_000)}\n`, /more than 262144 characters/],
])('%s is refused, and nothing else happens', (text, said) => {
  const problems = told(text);
  expect(problems.join('\n')).toMatch(said);
  expect(readRules(text).rules).toBeNull();
});

test('a bomb of anchors and aliases is refused without being unpacked', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 30; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  const text = `${lines.join('\n')}\nservices: *a29\nroutes: &r [{ to: [x] }]\n`;
  expect(told(text).join('\n')).toContain('services: an alias is not taken');
  expect(told(text).join('\n')).toContain('routes: an anchor is not taken');
});

test('a file that is nested a hundred thousand deep is refused', () => {
  expect(readRules(`routes: ${'['.repeat(100_000)}`).rules).toBeNull();
});

test('overrides hold for the services that fit, the later ones win', () => {
  const { rules } = readRules(`
levels: { page_within: 30m }
high_memory: {}
services:
  - match: { service: "shop*" }
    levels: { page_within: 2h }
    silent: { after: 2m }
    labels: { team: web }
  - match: { service: shop-batch, environment: [test, "dev-*"] }
    high_memory: off
    labels: { team: batch }
`);
  expect(rules).not.toBeNull();
  const of = (service: string, environment: string): ReturnType<typeof rulesFor> =>
    rulesFor(rules ?? usualAlertRules, { service, namespace: '', environment });
  expect(of('other', '')).toMatchObject({
    levels: { pageWithinSeconds: 1800, warnWithinSeconds: 86_400, quietMs: 15 * minute },
    highMemory: { aboveShare: 0.9, forMs: 5 * minute, level: 'warning' },
    silent: null,
    labels: {},
  });
  expect(of('shop', '')).toMatchObject({
    levels: { pageWithinSeconds: 7200, warnWithinSeconds: 86_400 },
    silent: { afterMs: 2 * minute, share: 0.5, level: 'page' },
    labels: { team: 'web' },
  });
  expect(of('shop-batch', 'dev-1')).toMatchObject({ highMemory: null, labels: { team: 'batch' } });
  expect(of('shop-batch', 'prod')).toMatchObject({ highMemory: { level: 'warning' }, labels: { team: 'web' } });
});

test('a secret has to be in the environment, and never stands in what is told', () => {
  const text = `receivers:
  pager: { pagerduty: { secret_env: EBB_TEST_KEY } }
  chat: { slack: { url_env: EBB_TEST_URL } }
`;
  expect(told(text)).toEqual([]);
  expect(told(text, { EBB_TEST_URL: 'not-a-url-but-secret' })).toEqual([
    '2:37 secret_env: the environment has no EBB_TEST_KEY',
    '3:29 url_env: is no URL that begins with http:// or https://',
  ]);
  expect(told(text, { EBB_TEST_KEY: 'k', EBB_TEST_URL: 'https://hooks.example/1' })).toEqual([]);
});
