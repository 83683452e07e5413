// One suite for both databases.
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { finding } from '../fixtures/findings.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { tidy } from '../store/retention.ts';
import { FindingStore } from './finding-store.ts';

const shop = { service: 'shop', namespace: '', environment: '' };
const hourMs = 3_600_000;
const retention = { samplesMs: hourMs, hoursMs: 10 * hourMs, mostProcesses: 100, mostServices: 100 };

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let databases: Database[] = [];
  let stores: FindingStore[] = [];
  beforeEach(async () => {
    const place = emptyPlace();
    databases = [await openDatabase(place), await openDatabase(place)];
    stores = databases.map((database) => new FindingStore(database, { mostServices: 10 }));
    return async () => {
      for (const database of databases) await database.close();
    };
  });

  test('what two servers hear of one leak is one finding, the newest first', async () => {
    for (const [at, store] of stores.entries()) {
      const told = [finding({ fingerprint: 'b', instance: `p${at}` }), finding({ fingerprint: 'a', instance: 'same' })];
      expect(await store.record(shop, told, 1000 + at)).toBe(1);
    }
    await stores[0].record(shop, [finding({ fingerprint: 'a', instance: 'same', bytesPerRequest: null })], 5000);
    const found = await stores[1].findingsOf(1, { sinceMs: 0 });
    expect(
      found.map((one) => [one.fingerprint, one.times, one.firstSeenMs, one.lastSeenMs, one.bytesPerRequest]),
    ).toEqual([
      ['a', 1, 1000, 5000, 1900],
      ['b', 2, 1000, 1001, 1900],
    ]);
    expect(found[0]).toMatchObject({
      holder: finding().holder,
      insertedAt: finding().insertedAt,
      routes: ['POST /login'],
    });
    expect(await stores[1].findingsOf(1, { sinceMs: 1002 })).toHaveLength(1);
    expect(await stores[1].findingsOf(2, { sinceMs: 0 })).toEqual([]);
  });

  test('of what was told together the one that grew the most comes first, whatever its fingerprint', async () => {
    const grew = { a: 110, d: 4000, b: null, c: 2 };
    const told = Object.entries(grew).map(([fingerprint, growthBytes]) => finding({ fingerprint, growthBytes }));
    await stores[0].record(shop, told, 1000);
    const found = await stores[1].findingsOf(1, { sinceMs: 0 });
    expect(found.map(({ fingerprint }) => fingerprint)).toEqual(['d', 'a', 'c', 'b']);
  });

  test('a service keeps its newest thousand, and all are forgotten in time, with the service', async () => {
    for (let at = 0; at < 22; at++) {
      const many = Array.from({ length: 50 }, (_, i) => finding({ fingerprint: `${at}:${i}` }));
      await stores[0].record(shop, many, 1000 + at);
    }
    const kept = await stores[0].findingsOf(1, { sinceMs: 0, most: 2000 });
    expect(kept).toHaveLength(1000);
    expect(kept.at(-1)?.lastSeenMs).toBe(1002);
    await tidy(databases[0], 1000 + 9 * hourMs, retention);
    expect(await stores[0].findingsOf(1, { sinceMs: 0, most: 2000 })).toHaveLength(1000);
    await tidy(databases[0], 2000 + 10 * hourMs, retention);
    expect(await stores[0].findingsOf(1, { sinceMs: 0 })).toEqual([]);
    expect(await databases[0].query.selectFrom('services').select('id').execute()).toEqual([]);
  });
});
