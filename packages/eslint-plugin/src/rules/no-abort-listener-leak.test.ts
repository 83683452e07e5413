import { javascript } from '../fixtures/rule-tester.ts';
import { noAbortListenerLeak } from './no-abort-listener-leak.ts';

const stays = [{ messageId: 'stays' }];

javascript.run('no-abort-listener-leak', noAbortListenerLeak as never, {
  valid: [
    {
      name: 'removed when the work is done',
      code: "export async function work({ signal }) { const stop = () => {}; signal.addEventListener('abort', stop); try { await job(); } finally { signal.removeEventListener('abort', stop); } }",
    },
    {
      name: 'removed through another path to the same signal',
      code: "class Request { start() { this.options.signal.addEventListener('abort', this.stop); } end(signal) { signal.removeEventListener('abort', this.stop); } }",
    },
    {
      name: 'ended by a signal of its own',
      code: "export function work(signal) { const done = new AbortController(); signal.addEventListener('abort', stop, { signal: done.signal }); }",
    },
    {
      name: 'options that cannot be seen',
      code: "export function work(signal, options) { signal.addEventListener('abort', stop, options); }",
    },
    {
      name: 'the signal of a controller made here',
      code: "export function work() { const controller = new AbortController(); const { signal } = controller; signal.addEventListener('abort', stop); return fetch('/', { signal }); }",
    },
    {
      name: 'a signal that a timeout ends',
      code: "export function work() { const signal = AbortSignal.timeout(100); signal.addEventListener('abort', stop); }",
    },
    {
      name: 'once, while the module loads',
      code: "import { signal } from './shutdown.js'; signal.addEventListener('abort', () => server.close());",
    },
    { name: 'another event', code: "export function work(element) { element.addEventListener('click', stop); }" },
    {
      name: 'a signal made for this call of a callback',
      code: "run(({ signal }) => { signal.addEventListener('abort', stop); });",
    },
  ],
  invalid: [
    {
      name: 'a signal that was handed in',
      code: "export async function map(items, { signal }) { return new Promise((resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason); }); }); }",
      errors: stays,
    },
    {
      name: 'once does not help',
      code: "class Queue { async wait(signal) { return new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason), { once: true }); }); } }",
      errors: stays,
    },
    {
      name: 'a signal of the options, if there is one',
      code: "class Request { constructor(options) { this.options = options; this.options.signal?.addEventListener('abort', () => { this.destroy(); }); } }",
      errors: stays,
    },
    {
      name: 'a signal of the process',
      code: "import { shutdownSignal } from './shutdown.js'; export function handle(req) { shutdownSignal.addEventListener('abort', () => req.destroy()); }",
      errors: stays,
    },
    {
      name: 'taken out of the options',
      code: "export function work(options) { const { signal } = options; signal.addEventListener('abort', stop); }",
      errors: stays,
    },
  ],
});
