// One suite for both databases: what is stored, and that it is stored once.
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { edge, report } from '../fixtures/reports.ts';
import { openDatabase, type Database, type DatabasePlace } from './database.ts';
import { usualRules } from '../incident/decide.ts';
import { lookAtIncidents } from '../incident/incident-keeper.ts';
import { FleetReader } from './fleet-reader.ts';
import { IncidentStore } from './incidents.ts';
import { ReportWriter } from './report-writer.ts';
import { tidy } from './retention.ts';
import { SignalStore } from './signals.ts';
import { TokenStore } from './tokens.ts';

const limits = { mostProcesses: 1000, mostServices: 10, mostWaiting: 10_000 };
const minute = 60_000;
const start = Date.UTC(2026, 10, 21);

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let place: DatabasePlace;
  let database: Database;
  let writer: ReportWriter;
  let fleet: FleetReader;

  beforeEach(async () => {
    place = emptyPlace();
    database = await openDatabase(place);
    writer = await ReportWriter.open(database, limits);
    fleet = new FleetReader(database.query);
    return async () => await database.close();
  });

  /** At once, as servers do; two connections to SQLite in one process would wait for each other, so there by turns. */
  async function together(calls: (() => Promise<void>)[]): Promise<void> {
    if (engine === 'postgres') await Promise.all(calls.map((call) => call()));
    else for (const call of calls) await call();
  }

  test('a report is there when the write is through: service, process, sample, first verdict', async () => {
    await writer.write([
      report(start, {
        identity: { host: 'web-1', pid: 7, runtime: 'nodejs 24', revision: 'abc' },
        figures: { rssBytes: 2 ** 40 + 1, floorBytes: 5e7, requests: 10, gcShare: 0.25 },
        edge: edge('leak', { bytesPerSecond: 1000.5, secondsToLimit: 600 }),
      }),
    ]);
    const [service] = await fleet.services();
    expect(service).toMatchObject({ name: 'shop', namespace: '', first_seen_ms: start });
    const [process] = await fleet.processes({ sinceMs: 0, serviceId: service.id });
    expect(process).toMatchObject({
      version: '1.0',
      host: 'web-1',
      pid: 7,
      rss_bytes: 2 ** 40 + 1,
      gc_share: 0.25,
      judged_by: 'agent',
      verdict: 'leak',
      suspicious: 1,
      bytes_per_second: 1000.5,
      verdict_since_ms: start,
    });
    expect(await fleet.samples(process.id, 0, start + 1, 10)).toMatchObject([
      { time_ms: start, rss_bytes: 2 ** 40 + 1, floor_bytes: 5e7, seconds_to_limit: 600 },
    ]);
    expect(await fleet.verdictChanges(process.id, 10)).toEqual([
      { process_id: process.id, time_ms: start, verdict: 'leak', before: null },
    ]);
  });

  test('only changes of the verdict are kept, and since when it stands', async () => {
    const told = ['warming', 'warming', 'leak', 'leak', 'clean'] as const;
    for (const [at, verdict] of told.entries()) {
      await writer.write([report(start + at * minute, { edge: edge(verdict) })]);
    }
    const [process] = await fleet.processes({ sinceMs: 0 });
    expect(process).toMatchObject({ verdict: 'clean', verdict_since_ms: start + 4 * minute });
    const changes = await fleet.verdictChanges(process.id, 10);
    expect(changes.map(({ time_ms, verdict, before }) => [(time_ms - start) / minute, before, verdict])).toEqual([
      [0, null, 'warming'],
      [2, 'warming', 'leak'],
      [4, 'leak', 'clean'],
    ]);
  });

  test('a report that is sent again changes nothing, and one in two parts becomes one sample', async () => {
    const whole = report(start, { figures: { rssBytes: 5 }, edge: edge('clean') });
    await writer.write([whole, whole]);
    await writer.write([whole]);
    await writer.write([report(start, { figures: { heapUsedBytes: 3 } })]);
    const [process, ...others] = await fleet.processes({ sinceMs: 0 });
    expect(others).toEqual([]);
    expect(process).toMatchObject({ rss_bytes: 5, heap_used_bytes: 3, verdict: 'clean', judged_by: 'agent' });
    expect(await fleet.samples(process.id, 0, start + 1, 10)).toMatchObject([{ rss_bytes: 5, heap_used_bytes: 3 }]);
    expect(await fleet.verdictChanges(process.id, 10)).toHaveLength(1);
  });

  test('a report that comes late is kept, and does not stand for now', async () => {
    await writer.write([report(start + minute, { figures: { rssBytes: 2 }, edge: edge('leak') })]);
    await writer.write([report(start, { figures: { rssBytes: 1 }, edge: edge('clean') })]);
    const [process] = await fleet.processes({ sinceMs: 0 });
    expect(process).toMatchObject({ rss_bytes: 2, verdict: 'leak', last_seen_ms: start + minute });
    const samples = await fleet.samples(process.id, 0, start + 2 * minute, 10);
    expect(samples.map(({ rss_bytes: bytes }) => bytes)).toEqual([1, 2]);
  });

  test('what comes at once goes together: a thousand writes of many processes, all of them there', async () => {
    const writes = Array.from({ length: 1000 }, (_, i) =>
      writer.write([report(start + i, { identity: { instance: `i${i % 500}` }, figures: { rssBytes: i } })]),
    );
    await Promise.all(writes);
    expect(await fleet.processes({ sinceMs: 0 })).toHaveLength(500);
    const { count } = await database.query
      .selectFrom('samples')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1000);
  });

  test('versions, environments and namespaces are told apart, and names are values, whatever stands in them', async () => {
    const hostile = `'); drop table processes; --"\\`;
    await writer.write([
      report(start, { identity: { service: hostile, environment: hostile, instance: hostile } }),
      report(start, { identity: { service: hostile } }),
      report(start, { identity: { service: hostile, version: '2' } }),
    ]);
    const services = await fleet.services();
    expect(services.map(({ name, environment }) => [name, environment])).toEqual([
      [hostile, ''],
      [hostile, hostile],
    ]);
    expect(await fleet.processes({ sinceMs: 0, serviceId: services[0].id })).toHaveLength(2);
  });

  test('a process that no agent judges is judged here, from one commit to the next', async () => {
    // 2 MB a minute on 100 MB, limit 1 GB, for five hours; each write by another writer, as after a restart.
    const bytesAt = (at: number): number => 1e8 + at * 2e6 + (at % 3) * 1e5;
    for (let at = 0; at < 300; at += 30) {
      const reports = Array.from({ length: 30 }, (_, i) =>
        report(start + (at + i) * minute, { figures: { rssBytes: bytesAt(at + i), containerLimitBytes: 1e9 } }),
      );
      await (await ReportWriter.open(database, limits)).write(reports);
    }
    const [process] = await fleet.processes({ sinceMs: 0 });
    expect(process).toMatchObject({ judged_by: 'server', verdict: 'leak' });
    expect(process.bytes_per_second).toBeGreaterThan(2e6 / 60 / 1.2);
    expect(process.bytes_per_second).toBeLessThan((2e6 / 60) * 1.2);
    expect(process.seconds_to_limit).toBeGreaterThan(3600);
    expect((await fleet.verdictChanges(process.id, 10)).at(-1)).toMatchObject({ verdict: 'leak' });
  });

  test('what an agent says counts, until it says nothing for a quarter of an hour', async () => {
    await writer.write([report(start, { figures: { rssBytes: 1e8 }, edge: edge('leak') })]);
    await writer.write([report(start + 14 * minute, { figures: { rssBytes: 1e8 } })]);
    expect(await fleet.processes({ sinceMs: 0 })).toMatchObject([{ judged_by: 'agent', verdict: 'leak' }]);
    await writer.write([report(start + 16 * minute, { figures: { rssBytes: 1e8 } })]);
    expect(await fleet.processes({ sinceMs: 0 })).toMatchObject([{ judged_by: 'server', verdict: 'warming' }]);
  });

  test('a process that was forgotten in the database is learnt anew', async () => {
    await writer.write([report(start)]);
    await database.query.deleteFrom('processes').execute();
    await writer.write([report(start + minute)]);
    expect(await fleet.processes({ sinceMs: 0 })).toMatchObject([{ last_seen_ms: start + minute }]);
  });

  test('after two days the last sample of each hour is left, after ninety nothing', async () => {
    const hour = 60 * minute;
    const retention = { samplesMs: 48 * hour, hoursMs: 90 * 24 * hour, mostProcesses: 1000, mostServices: 10 };
    const instances = Array.from({ length: 250 }, (_, i) => `i${i}`);
    // Two and a half hours, every ten minutes: 16 samples a process.
    for (let at = 0; at <= 15; at++) {
      const timeMs = start + at * 10 * minute;
      await writer.write(
        instances.map((instance) => report(timeMs, { identity: { instance }, figures: { rssBytes: at } })),
      );
    }
    const samplesOf = async (id: number): Promise<(number | null)[]> =>
      (await fleet.samples(id, 0, start + 100 * hour, 100)).map(({ rss_bytes: bytes }) => bytes);
    const [{ id }] = await fleet.processes({ sinceMs: 0 });
    // The cut is at a whole hour: the first hour is over, the second is not.
    const nowMs = start + (48 + 1) * hour + 30 * minute;
    expect(await tidy(database, nowMs, retention)).toEqual({ thinned: 250, forgotten: 0 });
    expect(await samplesOf(id)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(await tidy(database, nowMs, retention)).toEqual({ thinned: 0, forgotten: 0 });
    expect(await tidy(database, nowMs + 2 * hour, retention)).toEqual({ thinned: 250, forgotten: 0 });
    expect(await samplesOf(id)).toEqual([5, 11, 15]);
    expect(await tidy(database, start + 91 * 24 * hour, retention)).toEqual({ thinned: 0, forgotten: 250 });
    expect(await fleet.processes({ sinceMs: 0 })).toEqual([]);
    expect(await samplesOf(id)).toEqual([]);
  });

  test('where the room for processes runs short, those that are silent for the longest go, and none that speak', async () => {
    const retention = { samplesMs: 1e9, hoursMs: 1e12, mostProcesses: 3, mostServices: 10 };
    for (const [at, instance] of ['a', 'b', 'c', 'd', 'e', 'f'].entries())
      await writer.write([report(start + at * 20 * minute, { identity: { instance } })]);
    const left = async (): Promise<string[]> =>
      (await fleet.processes({ sinceMs: 0 })).map(({ instance }) => instance).sort();
    expect(await tidy(database, start + 100 * minute, retention)).toMatchObject({ forgotten: 2 });
    expect(await left()).toEqual(['c', 'd', 'e', 'f']);
    expect(await tidy(database, start + 5000 * minute, retention)).toMatchObject({ forgotten: 1 });
    expect(await left()).toEqual(['d', 'e', 'f']);
  });

  test('where the room for services runs short, those go of which none speaks; the name can come back', async () => {
    const retention = { samplesMs: 1e9, hoursMs: 1e12, mostProcesses: 1000, mostServices: 2 };
    const other = await openDatabase(place);
    const elsewhere = await ReportWriter.open(other, limits);
    for (const [at, service] of ['a', 'b', 'c', 'd'].entries()) {
      for (const instance of ['1', '2'])
        await elsewhere.write([report(start + at * 20 * minute, { identity: { service, instance } })]);
    }
    const names = async (): Promise<string[]> => (await fleet.services()).map(({ name }) => name);
    // Only the first is silent for more than an hour.
    expect(await tidy(database, start + 61 * minute, retention)).toMatchObject({ forgotten: 2 });
    expect(await names()).toEqual(['b', 'c', 'd']);
    // The other server still thinks that it knows it.
    await elsewhere.write([report(start + 62 * minute, { identity: { service: 'a', instance: '3' } })]);
    expect(await names()).toEqual(['a', 'b', 'c', 'd']);
    const processes = await fleet.processes({ sinceMs: 0 });
    const services = (await fleet.services()).map(({ id }) => id);
    expect(processes.filter(({ service_id: serviceId }) => !services.includes(serviceId))).toEqual([]);
    await other.close();
  });

  test('a row that the database refuses takes no other with it', async () => {
    // In PostgreSQL no text has a NUL; the way in takes it out, so that this is another way.
    const bad = report(start, { identity: { instance: 'bad', host: 'a\0b' } });
    const good = Array.from({ length: 9 }, (_, i) => report(start, { identity: { instance: `good${i}` } }));
    const writes = [...good.slice(0, 4), bad, ...good.slice(4)].map((one) => writer.write([one]));
    const outcomes = (await Promise.allSettled(writes)).map(({ status }) => status);
    const expected = Array.from({ length: 10 }, (_, i) =>
      i === 4 && engine === 'postgres' ? 'rejected' : 'fulfilled',
    );
    expect(outcomes).toEqual(expected);
    const stored = await fleet.processes({ sinceMs: 0 });
    for (const { identity } of good) expect(stored.map(({ instance }) => instance)).toContain(identity.instance);
  });

  test('a leak opens one incident, whoever looks; it rises, calms down, comes back, and is resolved when it stays quiet', async () => {
    let nowMs = start;
    const other = await openDatabase(place);
    const lookers = [database, other].map((one) => ({
      fleet: new FleetReader(one.query),
      incidents: new IncidentStore(one),
      signals: new SignalStore(one, limits),
      rules: usualRules,
      now: () => nowMs,
    }));
    const incidents = new IncidentStore(database);
    const at = async (minutes: number, verdict: 'leak' | 'clean', secondsToLimit: number | null): Promise<void> => {
      nowMs = start + minutes * minute;
      await writer.write([report(nowMs, { edge: edge(verdict, { secondsToLimit, bytesPerSecond: 1e5 }) })]);
      // Two servers look at once.
      await together(lookers.map((looker) => () => lookAtIncidents(looker)));
    };
    await at(0, 'clean', null);
    expect(await incidents.list({ open: false, most: 10 })).toEqual([]);
    await at(1, 'leak', 7200);
    await at(2, 'leak', 3000);
    await at(3, 'leak', 9000);
    await at(4, 'clean', null);
    await at(10, 'leak', 8000);
    await at(11, 'clean', null);
    await at(20, 'clean', null);
    expect(await incidents.list({ open: true, most: 10 })).toMatchObject([
      { level: 'page', quiet_since_ms: nowMs - 9 * minute },
    ]);
    await at(26, 'clean', null);
    expect(await incidents.list({ open: true, most: 10 })).toEqual([]);
    const [incident, ...more] = await incidents.list({ open: false, most: 10 });
    expect(more).toEqual([]);
    const timeline = await incidents.timeline(incident.id);
    expect(timeline.map(({ timeMs, kind, text }) => `${(timeMs - start) / minute} ${kind}: ${text}`)).toEqual([
      '1 opened: warning: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 2 hours away',
      '2 raised: page: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 50 minutes away',
      '4 calm: shop: no process runs out of memory any more',
      '10 back: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 2 hours away',
      '11 calm: shop: no process runs out of memory any more',
      '26 resolved: shop: no process runs out of memory any more',
    ]);
    // A leak after that is another one.
    await at(30, 'leak', 7200);
    expect(await incidents.list({ open: false, most: 10 })).toHaveLength(2);
    await other.close();
  });

  test('two writers on one database do not lose or double anything', async () => {
    const other = await openDatabase(place);
    const writers = [writer, await ReportWriter.open(other, limits)];
    const verdictAt = (at: number): 'leak' | 'clean' => (at % 10 < 5 ? 'clean' : 'leak');
    // By turns, as behind a load balancer; many processes at once, so that transactions meet.
    for (let at = 0; at < 20; at++) {
      const at20 = Array.from({ length: 20 }, (_, i) =>
        report(start + at * minute, { identity: { instance: `i${i}` }, edge: edge(verdictAt(at)) }),
      );
      await together([
        () => writers[at % 2].write(at20.filter((_, i) => i % 2 === 0)),
        () => writers[(at + 1) % 2].write(at20.filter((_, i) => i % 2 === 1)),
      ]);
    }
    const processes = await fleet.processes({ sinceMs: 0 });
    expect(processes).toHaveLength(20);
    for (const { id } of processes) {
      expect((await fleet.verdictChanges(id, 50)).map(({ verdict }) => verdict)).toEqual([
        'clean',
        'leak',
        'clean',
        'leak',
      ]);
      expect(await fleet.samples(id, 0, start + 60 * minute, 50)).toHaveLength(20);
    }
    await other.close();
  });

  test('processes and services beyond the limit are left out, known ones are not', async () => {
    const few = await ReportWriter.open(database, { mostProcesses: 2, mostServices: 1, mostWaiting: 10 });
    const known = report(start);
    await few.write(few.admit([known]).taken);
    const { taken, refused } = few.admit([
      known,
      report(start, { identity: { instance: 'b' } }),
      report(start, { identity: { instance: 'c' } }),
      report(start, { identity: { service: 'other' } }),
    ]);
    expect(taken.map(({ identity }) => identity.instance)).toEqual(['a', 'b']);
    expect(refused).toEqual(['processes', 'services']);
    await expect(few.write(Array.from({ length: 11 }, () => known))).rejects.toMatchObject({ code: 'EBB_SERVER_BUSY' });
  });

  test('a token is found by itself only, until it expires or is revoked', async () => {
    const tokens = new TokenStore(database.query, engine);
    const made = await tokens.create({ name: 'x', role: 'viewer', nowMs: start, expiresMs: start + minute });
    expect(await tokens.find(made.token, start)).toEqual(made.info);
    expect(await tokens.find(`${made.token}x`, start)).toBeUndefined();
    expect(await tokens.find(made.token, start + minute)).toBeUndefined();
    expect(await tokens.revoke(made.info.id, start)).toBe(true);
    expect(await tokens.revoke(999, start)).toBe(false);
    expect(await tokens.find(made.token, start)).toBeUndefined();
    const stored = JSON.stringify(await database.query.selectFrom('tokens').selectAll().execute());
    expect(stored).not.toContain(made.token);
  });

  test('of servers that start at the same moment on an empty database, one makes the first tokens', async () => {
    const others = [await openDatabase(place), await openDatabase(place)];
    const made: unknown[] = [];
    await together(
      [database, ...others].map(({ query }) => async () => {
        made.push(await new TokenStore(query, engine).createFirst(start));
      }),
    );
    expect(made.filter((one) => one !== null)).toHaveLength(1);
    const tokens = await new TokenStore(database.query, engine).list();
    expect(tokens.map(({ name, role }) => [name, role])).toEqual([
      ['first admin', 'admin'],
      ['first agent', 'agent'],
    ]);
    for (const other of others) await other.close();
  });

  test('opened again, everything is there; a database of a newer version is refused', async () => {
    await writer.write([report(start)]);
    const again = await openDatabase(place);
    expect(await new FleetReader(again.query).services()).toHaveLength(1);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030')`.execute(again.query);
    await again.close();
    await expect(openDatabase(place)).rejects.toMatchObject({ code: 'EBB_SERVER_NEWER_DATABASE' });
  });
});
