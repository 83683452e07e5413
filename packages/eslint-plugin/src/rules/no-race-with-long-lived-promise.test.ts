import { javascript } from '../fixtures/rule-tester.ts';
import { noRaceWithLongLivedPromise } from './no-race-with-long-lived-promise.ts';

const race = [{ messageId: 'race' }];

javascript.run('no-race-with-long-lived-promise', noRaceWithLongLivedPromise as never, {
  valid: [
    {
      name: 'promises of this call',
      code: 'export async function work() { const timeout = new Promise((_, reject) => setTimeout(reject, 100)); return Promise.race([job(), timeout]); }',
    },
    {
      name: 'once, while the module loads',
      code: 'const stopped = new Promise((resolve) => process.once("SIGTERM", resolve)); await Promise.race([start(), stopped]);',
    },
    {
      name: 'a promise that is settled',
      code: 'const done = Promise.resolve(); export const work = () => Promise.race([job(), done]);',
    },
    {
      name: 'a promise that is replaced',
      code: 'let next = new Promise(noop); export function work() { next = new Promise(noop); return Promise.race([job(), next]); }',
    },
    {
      name: 'all waits for all',
      code: 'const stopped = new Promise(noop); export const work = () => Promise.all([job(), stopped]);',
    },
    {
      name: 'a field that is set again for each piece of work',
      code: 'class Q { constructor() { this.stopped = new Promise(noop); } reset() { this.stopped = new Promise(noop); } work() { return Promise.race([job(), this.stopped]); } }',
    },
  ],
  invalid: [
    {
      name: 'a promise of the module',
      code: 'let stop; export const stopped = new Promise((resolve) => { stop = resolve; }); export function orStopped(work) { return Promise.race([work, stopped]); }',
      errors: race,
    },
    {
      name: 'with resolvers',
      code: 'const { promise: stopped, resolve: stop } = Promise.withResolvers(); export const work = () => Promise.any([job(), stopped]);',
      errors: race,
    },
    {
      name: 'an event that comes at the end',
      code: "import { once } from 'node:events'; const stopped = once(process, 'SIGTERM'); export const work = () => Promise.race([job(), stopped]);",
      errors: race,
    },
    {
      name: 'a field of the instance',
      code: 'class Session { #ended; constructor(socket) { this.#ended = new Promise((resolve) => socket.on("close", resolve)); } read() { return Promise.race([this.next(), this.#ended]); } }',
      errors: race,
    },
    {
      name: 'a field in the class body',
      code: 'class Session { ended = new Promise((resolve) => { this.end = resolve; }); async run() { for (;;) await Promise.race([this.next(), this.ended]); } }',
      errors: race,
    },
  ],
});
