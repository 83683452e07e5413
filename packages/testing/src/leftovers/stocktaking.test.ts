import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { leftoversText } from './leftover.ts';
import { Stocktaking } from './stocktaking.ts';

const here = import.meta.filename;

test('timers that still run are told, with where they were made', async () => {
  const stock = new Stocktaking();
  const timers = [1, 2].map(() => setInterval(() => undefined, 60_000));
  const done = setTimeout(() => undefined, 1);
  const left = await stock.end();
  for (const timer of timers) clearInterval(timer);
  clearTimeout(done);
  expect(left).toEqual([{ kind: 'timer', what: 'setInterval', count: 2, at: expect.stringContaining(here) as string }]);
  expect(leftoversText(left)).toMatch(/^ {2}2 × setInterval, made at \S+stocktaking\.test\.ts:\d+:\d+$/);
});

test('a server that nobody closed is told, one that is closing is waited for', async () => {
  const stock = new Stocktaking();
  const open = createServer().listen(0, '127.0.0.1');
  const closing = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(open, 'listening'), once(closing, 'listening')]);
  closing.close();
  const left = await stock.end();
  open.close();
  expect(left).toMatchObject([{ kind: 'handle', what: 'TCPSERVERWRAP', count: 1 }]);
});

test('listeners of the process and globals are told', async () => {
  const stock = new Stocktaking();
  const listener = (): void => undefined;
  process.on('SIGUSR2', listener);
  process.once('exit', listener);
  process.off('exit', listener);
  Object.assign(globalThis, { leftOnPurpose: 1 });
  const left = await stock.end();
  process.off('SIGUSR2', listener);
  Reflect.deleteProperty(globalThis, 'leftOnPurpose');
  expect(left).toContainEqual({
    kind: 'listener',
    what: 'process "SIGUSR2"',
    count: 1,
    at: expect.anything() as string,
  });
  expect(left).toContainEqual({ kind: 'global', what: 'globalThis.leftOnPurpose', count: 1, at: null });
  expect(left.filter(({ what }) => what === 'process "exit"')).toEqual([]);
});

test('a file that tidies up leaves nothing, and what was there before does not count', async () => {
  const before = setInterval(() => undefined, 60_000);
  const stock = new Stocktaking();
  const timer = setInterval(() => undefined, 60_000);
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(await stock.end()).toEqual([]);
  clearInterval(before);
});
