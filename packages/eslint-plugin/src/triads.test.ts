import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import plugin from './index.ts';

const repository = join(import.meta.dirname, '../../..');
const names = Object.keys(plugin.rules).sort();
const files = (folder: string, end: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(end) && file !== `all${end}` && file !== 'README.md')
    .filter((file) => end !== '.ts' || !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -end.length))
    .sort();

test('a rule, its test and its page stand together, and no one of them without the others', () => {
  const rules = join(import.meta.dirname, 'rules');
  expect(files(rules, '.ts')).toEqual(names);
  expect(files(rules, '.test.ts')).toEqual(names);
  expect(files(join(repository, 'docs/rules'), '.md')).toEqual(names);
});

test.each(names)(
  'the page of %s says what it finds, which leak it would have caught, and when not to use it',
  (name) => {
    const page = readFileSync(join(repository, 'docs/rules', `${name}.md`), 'utf8');
    expect(page).toMatch(new RegExp(`^# ebb/${name}\n`, 'u'));
    for (const part of ['## What it finds', '## A leak it would have caught', '## When not to use it']) {
      expect(page).toContain(part);
    }
    expect(page).toMatch(/https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(?:issues|pull)\/\d+/u);
    const { meta } = plugin.rules[name] as unknown as {
      meta: { docs: { url: string }; messages: Record<string, string> };
    };
    expect(existsSync(join(repository, meta.docs.url))).toBe(true);
  },
);

test('the presets name every rule, by the namespace of the plugin, and `strict` has all that `recommended` has', () => {
  const { recommended, strict } = plugin.configs;
  expect(Object.keys(strict.rules ?? {}).sort()).toEqual(names.map((name) => `ebb/${name}`));
  expect(Object.keys(strict.rules ?? {})).toEqual(expect.arrayContaining(Object.keys(recommended.rules ?? {})));
});

test('the list of rules in docs/rules/README.md is complete, with the preset and what each is about', () => {
  const list = readFileSync(join(repository, 'docs/rules/README.md'), 'utf8');
  for (const name of names) {
    const { meta } = plugin.rules[name] as unknown as { meta: { docs: { description: string } } };
    expect(list).toContain(`| [\`ebb/${name}\`](${name}.md) | ${meta.docs.description}`);
  }
});

const ADVICE =
  /(?:Delete|Bound|Call|Remove|Set|Compile|Put|Keep|Take|Ask|Unsubscribe|Give|Use|Make|Write|Declare|Clear) [^.]+(?:\.[^ ][^.]*)*\.? (?:\(leak \{\{fingerprint\}\}\))$/u;

test('every message ends with what to do instead, and the fingerprint', () => {
  for (const name of names) {
    const { meta } = plugin.rules[name] as unknown as { meta: { messages: Record<string, string> } };
    const messages = Object.values(meta.messages).filter((text) => text.includes('{{fingerprint}}'));
    expect(messages.length, name).toBeGreaterThan(0);
    for (const text of messages) expect(text).toMatch(ADVICE);
  }
});
