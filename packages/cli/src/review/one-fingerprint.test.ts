import { analyzeSnapshots } from '@ebb/heap';
import { testWorkload } from '@ebb/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
