import { analyzeSnapshots } from '@ebb/heap';
import { testWorkload } from '@ebb/testing';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { review } from './review.ts';

// The definition of a fingerprint stands twice: in the analysis of heaps, and in the ESLint plugin. Both leaks of the
// storefront are looked at from all sides: the source is reviewed, the built code leaks in a memory test, in a process
// that writes snapshots of itself, and in one whose snapshots forked children write, as `ebb watch` has them written.

const storefront = join(import.meta.dirname, '../../../../examples/storefront');
const folder = mkdtempSync(join(tmpdir(), 'ebb-one-fingerprint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = (file: string): string => JSON.stringify(pathToFileURL(join(storefront, 'dist', file)).href);
const leaks = {
  'session/session-store': `
    import { SessionStore } from ${built('session/session-store.js')};
    const storefront = { sessions: new SessionStore({ idleMs: 1000, now: () => 0 }) };
    globalThis.storefront = storefront;
    const leak = () => {
      const session = storefront.sessions.open();
      storefront.sessions.rotate(session);
      storefront.sessions.close(session);
    };`,
  'dashboard/live-figures': `
    import { OrderFeed } from ${built('orders/order-feed.js')};
    import { LiveFigures } from ${built('dashboard/live-figures.js')};
    const storefront = { feed: new OrderFeed() };
    globalThis.storefront = storefront;
    const leak = () => new LiveFigures(storefront.feed, { orders: 0, days: [], topProducts: [] }).current();`,
};

const capture = JSON.stringify(import.meta.resolve('@ebb/capture'));
const writers = {
  inline: `import { writeHeapSnapshot } from 'node:v8';
    const write = async (file) => writeHeapSnapshot(file);`,
  forked: `import { captureSnapshot } from ${capture};
    const write = (file) => captureSnapshot({ file, niceness: 0 });`,
};

async function fingerprintInHeap(leak: keyof typeof leaks, method: keyof typeof writers): Promise<string> {
  const program = join(folder, `${leak.replace('/', '-')}-${method}.mjs`);
  const files = [1, 2, 3].map((step) => `${program}.${step}.heapsnapshot`);
  writeFileSync(
    program,
    `${writers[method]}
    ${leaks[leak]}
    for (const file of ${JSON.stringify(files)}) {
      for (let i = 0; i < 2000; i++) leak();
      await write(file);
    }`,
  );
  execFileSync(process.execPath, [program]);
  const { findings } = await analyzeSnapshots(files, { cwd: storefront });
  return findings[0].fingerprint;
}

async function fingerprintInTest(leak: keyof typeof leaks): Promise<string> {
  const workload = join(folder, `${leak.replace('/', '-')}-workload.mjs`);
  writeFileSync(workload, `${leaks[leak]}\nexport const iterate = leak;\n`);
  const { verdict, findings } = await testWorkload(workload, { cwd: storefront });
  expect(verdict).toBe('leak');
  return findings[0].fingerprint;
}

test.each([
  ['session/session-store', 'ebb/no-stale-key'],
  ['dashboard/live-figures', 'ebb/no-unclosed-resource'],
] as const)(
  'the leak of %s has one fingerprint in the source, in a memory test, in snapshots of the process itself and of its forks',
  async (leak, rule) => {
    const { findings } = review({ folder: storefront, strict: false, mostBytes: 1_000_000 });
    const inSource = findings.find((finding) => finding.rule === rule)?.fingerprint;
    expect({
      test: await fingerprintInTest(leak),
      process: await fingerprintInHeap(leak, 'inline'),
      production: await fingerprintInHeap(leak, 'forked'),
    }).toEqual({ test: inSource, process: inSource, production: inSource });
  },
  240_000,
);

/** What each rule finds, in a file `shop.js` that exports `leak(i)`. */
const shops: Readonly<Record<string, { readonly rule: string; readonly code: string }>> = {
  'a Map of the module': {
    rule: 'ebb/no-unbounded-collection',
    code: `const hits = new Map();
    export function leak(ip) { hits.set(ip, { ip, at: [ip, 0.5] }); }`,
  },
  'an object of the module': {
    rule: 'ebb/no-unbounded-collection',
    code: `const hits = {};
    export function leak(ip) { hits['ip ' + ip] = { ip, at: [ip, 0.5] }; }`,
  },
  'a list of responses': {
    rule: 'ebb/no-unbounded-collection',
    code: `const clients = [];
    function subscribe(req, res) { clients.push(res); }
    export const leak = (i) => subscribe({}, { i, at: [i, 0.5] });`,
  },
  'a private field': {
    rule: 'ebb/no-unbounded-collection',
    code: `export class Store {
      #sessions = new Map();
      open(sessionId) { this.#sessions.set(sessionId, { at: [sessionId, 0.5] }); }
    }
    const store = new Store();
    export const leak = (i) => store.open('session ' + i);`,
  },
  'listeners of an EventEmitter': {
    rule: 'ebb/no-listener-per-request',
    code: `import { EventEmitter } from 'node:events';
    const bus = new EventEmitter().setMaxListeners(0);
    function watch(req, res) { bus.on('order', (order) => res.push(order)); }
    export const leak = (i) => watch({}, [i, 0.5]);`,
  },
  'listeners of an emitter of the program': {
    rule: 'ebb/no-listener-per-request',
    code: `import { EventEmitter } from 'node:events';
    class Feed extends EventEmitter {}
    const feed = new Feed();
    feed.setMaxListeners(0);
    function watch(req, res) { feed.on('order', (order) => res.push(order)); }
    export const leak = (i) => watch({}, [i, 0.5]);`,
  },
  'listeners of the process': {
    rule: 'ebb/no-listener-per-request',
    code: `process.setMaxListeners(0);
    function watch(req, res) { process.on('SIGUSR2', () => res.push(1)); }
    export const leak = (i) => watch({}, [i, 0.5]);`,
  },
  'listeners of a signal': {
    rule: 'ebb/no-abort-listener-leak',
    code: `import { setMaxListeners } from 'node:events';
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    function work(item, { signal }) { signal.addEventListener('abort', () => item.push(1)); }
    export const leak = (i) => work([i, 0.5], { signal: stop.signal });`,
  },
  'races against a promise of the module': {
    rule: 'ebb/no-race-with-long-lived-promise',
    code: `const stopped = new Promise((resolve) => { globalThis.stopShop = resolve; });
    export function leak(i) { return Promise.race([Promise.resolve({ i }), stopped]); }`,
  },
  'intervals of instances': {
    rule: 'ebb/no-uncleared-interval',
    code: `export class Cache {
      entries = new Map();
      constructor() { setInterval(() => this.sweep(), 600_000).unref(); }
      sweep() { this.entries.clear(); }
    }
    export const leak = () => new Cache().entries.size;`,
  },
  'intervals of instances that are not stopped': {
    rule: 'ebb/no-unclosed-resource',
    code: `export class Poll {
      constructor() { this.timer = setInterval(() => this.tick(), 600_000).unref(); }
      tick() { return this.timer.hasRef(); }
      stop() { clearInterval(this.timer); }
    }
    export function leak() { const poll = new Poll(); poll.tick(); }`,
  },
};

test.each(Object.entries(shops))(
  '%s: one fingerprint in the source and in production',
  async (name, { rule, code }) => {
    const shop = join(folder, name.replaceAll(' ', '-'));
    mkdirSync(shop);
    writeFileSync(join(shop, 'package.json'), '{"name":"shop","type":"module"}');
    writeFileSync(join(shop, 'shop.js'), `${code}\n`);
    const files = [1, 2, 3].map((step) => join(shop, `${step}.heapsnapshot`));
    const program = join(shop, 'production.test.mjs'); // which a review leaves out
    writeFileSync(
      program,
      `${writers.forked}
      import { leak } from './shop.js';
      let i = 0;
      for (const file of ${JSON.stringify(files)}) {
        for (let calls = 0; calls < 2000; calls++) leak(i++);
        await write(file);
      }`,
    );
    execFileSync(process.execPath, [program]);
    const { findings: reviewed } = review({ folder: shop, strict: false, mostBytes: 1_000_000 });
    const { findings } = await analyzeSnapshots(files, { cwd: shop });
    const leaks = findings.filter(({ verdict }) => verdict === 'leak').map(({ fingerprint }) => fingerprint);
    expect(reviewed.map((finding) => [finding.rule, finding.fingerprint])).toEqual([[rule, leaks[0]]]);
  },
  120_000,
);
