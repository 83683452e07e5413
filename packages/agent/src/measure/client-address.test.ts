import { expect, test } from 'vitest';
import { withClientAddress } from './client-address.ts';

const addressOf = (rawHeaders: string[], remoteAddress?: string): string => {
  let found = 'none';
  withClientAddress({ rawHeaders, socket: { remoteAddress } }, (text, start, end) => {
    found = text.slice(start, end);
    return 1;
  });
  return found;
};

test.each([
  ['the connection, where no proxy says otherwise', [], '192.0.2.1', '192.0.2.1'],
  ['a connection of version 4 on a socket of version 6', [], '::ffff:192.0.2.1', '192.0.2.1'],
  ['the first entry', ['Host', 'x', 'X-Forwarded-For', '203.0.113.9, 10.0.0.1'], '10.0.0.2', '203.0.113.9'],
  ['an entry with spaces', ['x-forwarded-for', '  203.0.113.9  ,10.0.0.1'], '10.0.0.2', '203.0.113.9'],
  ['an entry with a port', ['x-forwarded-for', '203.0.113.9:4711'], '10.0.0.2', '203.0.113.9'],
  ['version 6', ['x-forwarded-for', '2001:db8::1'], '10.0.0.2', '2001:db8::1'],
  ['version 6 with a port', ['x-forwarded-for', '[2001:db8::1]:80, 10.0.0.1'], '10.0.0.2', '2001:db8::1'],
  ['version 4 in version 6', ['x-forwarded-for', '::ffff:203.0.113.9'], '10.0.0.2', '203.0.113.9'],
  ['an empty entry: the connection', ['x-forwarded-for', ' , 10.0.0.1'], '10.0.0.2', '10.0.0.2'],
  ['an entry that is far too long: its beginning', ['x-forwarded-for', 'x'.repeat(5000)], '10.0.0.2', 'x'.repeat(64)],
  ['nothing of a connection that is gone', [], undefined, 'none'],
  ['a value without a name', ['x-forwarded-for'], '10.0.0.2', '10.0.0.2'],
])('the address is that of %s', (_what, headers, remote, expected) => {
  expect(addressOf(headers, remote)).toBe(expected);
});
