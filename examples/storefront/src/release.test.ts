import { afterEach, expect, test } from 'vitest';
import { createStorefront, type Storefront } from './app.ts';
import type { Release } from './release.ts';
import { serve, type ServedStorefront } from './serve.ts';
import { Visitor } from './visitor/visitor.ts';

// What is true of each release, by exact counts and through real requests. The sessions' clock is the test's own.

const idleMs = 60_000;

interface Run {
  readonly storefront: Storefront;
  readonly url: string;
  /** Everybody goes away for longer than a session lives, and the store is swept. */
  everybodyLeaves(): void;
}

let served: ServedStorefront | undefined;

async function run(release: Release): Promise<Run> {
  let nowMs = Date.UTC(2026, 5, 1, 12);
  const storefront = await createStorefront({
    release,
    dataFolder: null,
    sessionIdleMs: idleMs,
    sessionSweepMs: 3_600_000,
    now: () => nowMs,
  });
  served = await serve(storefront, { host: '127.0.0.1', port: 0 });
  return {
    storefront,
    url: served.url,
    everybodyLeaves(): void {
      nowMs += idleMs + 1;
      storefront.sessions.sweep();
    },
  };
}

/** As many ordinary visits: three of four leave without logging out; every fifth buys something. */
async function visit(url: string, visits: number): Promise<{ logins: number; dashboards: number }> {
  for (let index = 0; index < visits; index++) {
    const visitor = new Visitor(url);
    const id = await visitor.logIn(index % 200);
    await visitor.seeDashboard(`?days=${1 + (index % 31)}`);
    await visitor.seeDashboard();
    await visitor.ask('GET', `/users/${id}`);
    await visitor.ask('GET', `/users/${id}/orders`);
    if (index % 5 === 0) await visitor.ask('POST', `/users/${id}/orders`);
    if (index % 4 === 0) await visitor.ask('POST', '/logout');
  }
  return { logins: visits, dashboards: 2 * visits };
}

afterEach(async () => {
  await served?.stop();
  served = undefined;
});

test('1.0 keeps a session until logout or expiry, and nothing after it', async () => {
  const { storefront, url, everybodyLeaves } = await run('1.0');
  for (let round = 0; round < 3; round++) {
    await visit(url, 40);
    expect(storefront.sessions.size).toBe(30); // ten have logged out
    everybodyLeaves();
    expect(storefront.sessions.size).toBe(0);
    expect(storefront.feed.listenerCount('order')).toBe(0);
  }
});

test('1.1 keeps one entry for every login, whether its visitor logs out or goes away', async () => {
  const { storefront, url, everybodyLeaves } = await run('1.1');
  let logins = 0;
  for (let round = 0; round < 3; round++) {
    logins += (await visit(url, 40)).logins;
    everybodyLeaves();
    expect(storefront.sessions.size).toBe(logins);
    expect(storefront.feed.listenerCount('order')).toBe(0);
  }
});

test('1.2 keeps one entry for every login as 1.1 does; its own statistics stay within their bound', async () => {
  const { storefront, url, everybodyLeaves } = await run('1.2');
  const answers: number[] = [];
  let logins = 0;
  for (let round = 0; round < 3; round++) {
    logins += (await visit(url, 40)).logins;
    everybodyLeaves();
    answers.push(storefront.breakdown?.keptAnswers ?? -1);
    expect(storefront.sessions.size).toBe(logins);
    expect(storefront.feed.listenerCount('order')).toBe(0);
  }
  expect(answers).toEqual([31, 31, 31]); // one for each of the 31 first days that were asked for
});

test('1.3 has what 1.2 has, and keeps no session after logout or expiry', async () => {
  const { storefront, url, everybodyLeaves } = await run('1.3');
  for (let round = 0; round < 3; round++) {
    await visit(url, 40);
    expect(storefront.sessions.size).toBe(30); // ten have logged out
    everybodyLeaves();
    expect(storefront.sessions.size).toBe(0);
    expect(storefront.breakdown?.keptAnswers).toBe(31);
  }
});

test('2.0 keeps one listener for every dashboard page; its sessions are bounded as in 1.0', async () => {
  const { storefront, url, everybodyLeaves } = await run('2.0');
  let dashboards = 0;
  for (let round = 0; round < 3; round++) {
    dashboards += (await visit(url, 40)).dashboards;
    everybodyLeaves();
    expect(storefront.feed.listenerCount('order')).toBe(dashboards);
    expect(storefront.sessions.size).toBe(0);
  }
});
