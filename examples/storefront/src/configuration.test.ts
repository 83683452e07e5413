import { expect, test } from 'vitest';
import { ConfigurationError, readConfiguration } from './configuration.ts';

test('without any variable, release 1.0 is served on this machine only', () => {
  expect(readConfiguration({})).toEqual({
    release: '1.0',
    host: '127.0.0.1',
    port: 3000,
    dataFolder: null,
    sessionIdleMs: 1_800_000,
    sessionSweepMs: 60_000,
  });
});

test('a release or a number that can’t be is refused by name', () => {
  expect(() => readConfiguration({ RELEASE: '1.4' })).toThrow(ConfigurationError);
  expect(() => readConfiguration({ RELEASE: '1.4' })).toThrow('1.0, 1.1, 1.2, 1.3, 2.0');
  expect(() => readConfiguration({ PORT: '80a' })).toThrow('PORT is "80a"');
  expect(() => readConfiguration({ SESSION_IDLE_SECONDS: '0' })).toThrow('SESSION_IDLE_SECONDS');
});
