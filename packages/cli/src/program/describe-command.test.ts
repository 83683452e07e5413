import { expect, test } from 'vitest';
import { describeCommand } from './describe-command.ts';

test('a command is called by its program and file, without folders and flags of Node.js', () => {
  expect(
    describeCommand([
      '/usr/bin/node',
      '--max-old-space-size=128',
      '--enable-source-maps',
      '/app/server.js',
      '--no-cache',
    ]),
  ).toBe('node server.js --no-cache');
  expect(describeCommand(['node', '--require', './hook.js', 'server.js'])).toBe('node --require ./hook.js server.js');
  expect(describeCommand(['npm', '--no-color', 'start'])).toBe('npm --no-color start');
  expect(describeCommand(['node', '--no-warnings'])).toBe('node --no-warnings');
});

test('a long command is cut, and control characters in it are shown', () => {
  expect(describeCommand(['echo', 'x'.repeat(100)])).toHaveLength(60);
  expect(describeCommand(['echo', '\u001b[2J'])).toBe('echo \\x1b[2J');
});
