// The order in which PostgreSQL's transactions become visible, played without one.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NewsReader } from '../store/news.ts';
import type { NewsRow } from '../store/schema.ts';
import { NewsFeed } from './news-feed.ts';
import type { LiveEvent } from './live-event.ts';

let committed: NewsRow[];
let feed: NewsFeed;
let heard: LiveEvent[];
const commit = (...ids: number[]): void => {
  committed.push(...ids.map((id): NewsRow => ({ id, kind: 'verdict', service_id: 1, told: `{"n":${id}}` })));
  committed.sort((a, b) => a.id - b.id);
};
const told = (): [number | null, number][] => heard.map(({ id, data }) => [id, (data as { n: number }).n]);

beforeEach(() => {
  vi.useFakeTimers();
  [committed, heard] = [[], []];
  const reader = {
    bounds: async () => ({ oldest: committed[0]?.id ?? 0, newest: committed.at(-1)?.id ?? 0 }),
    after: async (id: number, most: number) => committed.filter((row) => row.id > id).slice(0, most),
    prune: async () => undefined,
  };
  feed = new NewsFeed({
    reader: reader as unknown as NewsReader,
    states: async () => [],
    now: Date.now,
    onError: (error) => {
      throw error;
    },
  });
});
afterEach(async () => {
  await feed.stop();
  vi.useRealTimers();
});
const second = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(1000);
};

test('a change that is committed late is told, and who comes back behind its neighbours hears of it', async () => {
  commit(1);
  expect(await feed.follow((event) => heard.push(event), null)).toMatchObject([{ id: 1, name: 'hello' }]);
  commit(3, 4);
  await second();
  // 2 may still come: the mark stays at 1.
  expect(told()).toEqual([
    [1, 3],
    [1, 4],
  ]);
  commit(2);
  await second();
  expect(told().at(-1)).toEqual([4, 2]);
  commit(5);
  await second();
  expect(told().at(-1)).toEqual([5, 5]);
});

test('an id that was never committed is waited for, and then passed by', async () => {
  await feed.follow((event) => heard.push(event), null);
  commit(2);
  await second();
  expect(told()).toEqual([[0, 2]]);
  for (let i = 0; i < 16; i++) await second();
  commit(3);
  await second();
  expect(told()).toEqual([
    [0, 2],
    [3, 3],
  ]);
});

test('a feed that begins while a transaction is under way tells its change', async () => {
  commit(1, 3);
  expect(await feed.follow((event) => heard.push(event), null)).toMatchObject([{ id: 1 }]);
  commit(2);
  await second();
  expect(told()).toEqual([[3, 2]]);
});
