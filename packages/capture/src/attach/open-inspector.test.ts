import { expect, test } from 'vitest';
import { inspectorPlaceOf } from './open-inspector.ts';

test.each([
  ['node app.js', '', '127.0.0.1', 9229],
  ['node --inspect-port=9500 app.js', '', '127.0.0.1', 9500],
  ['node --inspect-port 9500 app.js', '', '127.0.0.1', 9500],
  ['node --inspect=0.0.0.0 app.js', '', '0.0.0.0', 9229],
  ['node --inspect=[::1]:0 app.js', '', '::1', 0],
  ['node --inspect app.js', '', '127.0.0.1', 9229],
  ['node app.js', '--max-old-space-size=100 --inspect-port=localhost:9301', 'localhost', 9301],
  // The command line comes behind the environment.
  ['node --inspect-port=9500 app.js', '--inspect-port=9301', '127.0.0.1', 9500],
])('`%s` with NODE_OPTIONS "%s" would listen on %s:%i', (commandLine, nodeOptions, host, port) => {
  expect(inspectorPlaceOf({ commandLine: commandLine.split(' '), nodeOptions })).toEqual({ host, port });
});
