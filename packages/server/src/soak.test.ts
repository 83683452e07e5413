// The server's own memory, judged by Ebb, in small; `npm run soak -w packages/server` is the long run.
import { describe, expect, test } from 'vitest';
import { soak } from './fixtures/soak.ts';

const rounds = 70;

describe.concurrent('under churn of processes, services, tokens, incidents and wrong requests', () => {
  test('the server does not leak', { timeout: 600_000 }, async () => {
    const told = new Set((await soak({ rounds })).map(({ verdict }) => verdict));
    expect([...told].filter((verdict) => verdict === 'leak' || verdict === 'native')).toEqual([]);
  });

  test('a server that keeps something of each request is told as leaking', { timeout: 600_000 }, async () => {
    expect((await soak({ rounds, leak: true })).at(-1)).toMatchObject({ verdict: 'leak' });
  });
});
