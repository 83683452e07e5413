import { Linter as Linter9 } from 'eslint-9';
import { Linter as Linter10 } from 'eslint';
import { expect, test } from 'vitest';
import plugin, { fingerprintIn } from './index.ts';

const leaky = `
const sessions = new Map();
export function open(session) { sessions.set(session.id, session); }
export function wait(signal) { signal.addEventListener('abort', () => {}); }
`;

test.each([
  ['9', Linter9 as unknown as typeof Linter10],
  ['10', Linter10],
] as const)('both presets are configurations of ESLint %s, and every message has a fingerprint', (version, Linter) => {
  expect(Linter.version.startsWith(`${version}.`)).toBe(true);
  for (const preset of [plugin.configs.recommended, plugin.configs.strict]) {
    const messages = new Linter({ configType: 'flat' }).verify(leaky, [preset], 'src/a.js');
    expect(messages.map(({ ruleId }) => ruleId)).toEqual(['ebb/no-unbounded-collection', 'ebb/no-abort-listener-leak']);
    for (const { message } of messages) expect(fingerprintIn(message)).toMatch(/^[0-9a-f]{12}$/u);
  }
});

test('options that no rule knows are refused by its schema', () => {
  const rules = { 'ebb/no-unbounded-collection': ['error', { instance: true }] } as never;
  const verify = (): unknown =>
    new Linter10({ configType: 'flat' }).verify(leaky, [{ plugins: { ebb: plugin as never }, rules }], 'src/a.js');
  expect(verify).toThrow(/instance/u);
});
