import { expect, test } from 'vitest';
import { nodeFlags } from './node-flags.ts';

test('flags that load modules or bound memory are handed on, a debugger and a script are not', () => {
  expect(
    nodeFlags(['--inspect-brk=9229', '--import', 'tsx', '-C', 'development', '--max-old-space-size=512', '-e', '1']),
  ).toEqual(['--expose-gc', '--import', 'tsx', '-C', 'development', '--max-old-space-size=512']);
  expect(nodeFlags(['--require=./hook.cjs', '--enable-source-maps', '--test', '--require'])).toEqual([
    '--expose-gc',
    '--require=./hook.cjs',
    '--enable-source-maps',
  ]);
});
