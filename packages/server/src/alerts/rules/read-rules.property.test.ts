// Whatever stands in a file of rules: it is rules, or it is told what is wrong and where. Nothing else happens.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRules } from './read-rules.ts';

const words = [
  ...['url', 'levels', 'high_memory', 'silent', 'services', 'flapping', 'inhibit', 'routes', 'receivers', 'heartbeat'],
  ...[
    'match',
    'to',
    'page_within',
    'service',
    'labels',
    'webhook',
    'slack',
    'template',
    'secret_env',
    'url_env',
    'email',
  ],
  ...[
    '5m',
    '90%',
    'off',
    'page',
    'http://x',
    '{{title}}',
    '{{no}}',
    'EBB_X',
    '__proto__',
    'constructor',
    '*',
    '&a',
    '*a',
  ],
];
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...words),
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('any'), { maxKeys: 5 }),
  ),
})).any;

function holds(text: string): void {
  const { rules, problems } = readRules(text);
  expect(rules === null).toBe(problems.length > 0);
  const lines = text.split('\n').length;
  for (const { line, column } of problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

test('any JSON, which is YAML, is read or told', () => {
  fc.assert(
    fc.property(value, (told) => holds(JSON.stringify(told))),
    { numRuns: 500 },
  );
});

test('any text is read or told', () => {
  const line = fc.tuple(
    fc.nat(4),
    fc.constantFrom(...words, '-', '?', '|', '>', '"', "'", '[', '{', '#'),
    fc.constantFrom(':', '', ': ', ' ]', ' }'),
  );
  const text = fc
    .array(line, { maxLength: 12 })
    .map((lines) => lines.map(([deep, word, end]) => ' '.repeat(deep) + word + end).join('\n'));
  fc.assert(fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), holds), { numRuns: 500 });
});
