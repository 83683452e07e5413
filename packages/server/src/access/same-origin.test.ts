import { expect, test } from 'vitest';
import { isSameOrigin } from './same-origin.ts';

const host = 'ebb.internal:4318';

test.each([
  ['its own page', { 'sec-fetch-site': 'same-origin' }, true],
  ['what the reader typed', { 'sec-fetch-site': 'none' }, true],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'http://ebb.internal:4318' }, false],
  ['a neighbour on the same domain', { 'sec-fetch-site': 'same-site' }, false],
  ['its own page, in a browser that says Origin only', { origin: 'http://ebb.internal:4318' }, true],
  ['its own page behind a proxy with TLS', { origin: 'https://ebb.internal:4318' }, true],
  ['its public address', { origin: 'https://ebb.example.com' }, true],
  ['another port', { origin: 'http://ebb.internal:80' }, false],
  ['a sandboxed frame', { origin: 'null' }, false],
  ['nobody knows', {}, false],
])('%s: %j is %s', (_what, headers, same) => {
  expect(isSameOrigin({ host, ...headers }, 'https://ebb.example.com')).toBe(same);
});
