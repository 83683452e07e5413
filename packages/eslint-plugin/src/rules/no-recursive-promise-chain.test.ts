import { javascript } from '../fixtures/rule-tester.ts';
import { noRecursivePromiseChain } from './no-recursive-promise-chain.ts';

const chain = [{ messageId: 'chain' }];

javascript.run('no-recursive-promise-chain', noRecursivePromiseChain as never, {
  valid: [
    { name: 'a loop', code: 'async function poll() { for (;;) { await tick(); } }' },
    { name: 'not waited for', code: 'async function poll() { await tick(); setTimeout(poll, 1000); }' },
    { name: 'started again, not returned', code: 'function poll() { return tick().then(() => { poll(); }); }' },
    {
      name: 'counts',
      code: 'async function retry(left) { try { return await job(); } catch { return retry(left - 1); } }',
    },
    {
      name: 'counts in a variable',
      code: 'let tries = 0; async function retry() { if (tries++ > 3) throw 1; return retry(); }',
    },
    {
      name: 'takes from a list',
      code: 'function next() { const item = list.shift(); if (!item) return done; return work(item).then(() => next()); }',
    },
    {
      name: 'goes on from page to page',
      code: 'let cursor; async function pages() { const page = await get(cursor); cursor = page.next; if (cursor) return pages(); }',
    },
    {
      name: 'goes down a tree',
      code: 'async function walk(node) { for (const child of node.children) await walk(child); }',
    },
    {
      name: 'settles one outer promise',
      code: 'function next(it) { return new Promise((resolve) => { const inner = () => { it.next().then((x) => { if (x.ok) resolve(x); else inner(); }); }; inner(); }); }',
    },
    { name: 'an ordinary recursion', code: 'function find(node) { return node.ok ? node : find(node.parent); }' },
  ],
  invalid: [
    {
      name: 'looks for the next that fits',
      code: 'export const filter = (it, fits) => { const next = () => it.next().then((x) => Promise.resolve(fits(x)).then((ok) => { if (ok) return x; return next(); })); return { next }; };',
      errors: chain,
    },
    { name: 'polls for ever', code: 'async function poll() { await tick(); return poll(); }', errors: chain },
    {
      name: 'with what it was given',
      code: 'async function poll(job) { if (await job.done()) return job; await tick(); return await poll(job); }',
      errors: chain,
    },
    {
      name: 'with a catch behind it',
      code: 'function run(queue) { return queue.take().then(() => run(queue)).catch(log); }',
      errors: chain,
    },
  ],
});
