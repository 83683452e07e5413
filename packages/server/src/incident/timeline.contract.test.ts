// One suite for both databases: an incident's timeline, told as a script. It writes itself, and people write on it.
import { beforeEach, describe, expect, test } from 'vitest';
import type { ToldAttribution } from '../attribution/told.ts';
import { ServerError } from '../errors/server-error.ts';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { edge, report } from '../fixtures/reports.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { FleetReader } from '../store/fleet-reader.ts';
import { IncidentStore } from '../store/incidents.ts';
import { ReportWriter } from '../store/report-writer.ts';
import { RouteReader } from '../store/route-minutes.ts';
import { SignalStore } from '../store/signals.ts';
import { usualRules } from './decide.ts';
import { IncidentDesk } from './desk.ts';
import { lookAtIncidents } from './incident-keeper.ts';
import { measureState } from './measured-state.ts';
import { writeTimelines } from './scribe.ts';

const limits = { mostProcesses: 1000, mostServices: 10, mostWaiting: 10_000 };
const minuteMs = 60_000;
const startMs = Date.UTC(2024, 7, 10, 14, 30);

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let nowMs = startMs;
  let database: Database;
  let parts: ReturnType<typeof partsOn>;
  let desk: IncidentDesk;
  let decisions: string[] = [];

  beforeEach(async () => {
    nowMs = startMs;
    decisions = [];
    database = await openDatabase(emptyPlace());
    parts = partsOn(database);
    desk = new IncidentDesk(database, async (_db, { decision }) => {
      decisions.push(decision);
    });
    return async () => await database.close();
  });

  function partsOn(db: Database) {
    return {
      fleet: new FleetReader(db.query),
      incidents: new IncidentStore(db),
      signals: new SignalStore(db, limits),
      routes: new RouteReader(db.query),
      rules: usualRules,
      now: () => nowMs,
    };
  }

  /** At so many minutes a process tells of its memory, and the server looks. */
  async function at(
    minutes: number,
    verdict: 'leak' | 'clean' | 'warming',
    floorMB: number,
    hooks: { onNews?: () => void } = {},
  ): Promise<void> {
    nowMs = startMs + minutes * minuteMs;
    const writer = await ReportWriter.open(database, limits);
    const slope = verdict === 'leak' ? 1e6 / 60 : 0;
    const told = { bytesPerSecond: slope, bytesPerSecondLow: slope - 2000, bytesPerSecondHigh: slope + 2000 };
    const leak = verdict === 'leak' ? { secondsToLimit: 3000 } : {};
    const figures = { floorBytes: floorMB * 1e6, rssBytes: floorMB * 1e6 + 5e7, heapLimitBytes: 5e8 };
    await writer.write([report(nowMs, { figures, edge: edge(verdict, { ...told, ...leak }) })]);
    await look(hooks);
  }

  async function look(hooks: { onNews?: () => void } = {}): Promise<void> {
    await lookAtIncidents({ ...parts, ...hooks });
    await writeTimelines(parts);
    await writeTimelines(parts);
  }

  async function timeline(id = 1): Promise<string[]> {
    const events = await parts.incidents.timeline(id);
    return events
      .toSorted((a, b) => a.timeMs - b.timeMs)
      .map(({ timeMs, kind, text, actor }) => {
        const who = actor === null ? '' : ` (${actor})`;
        return `${(timeMs - startMs) / minuteMs} ${kind}${who}: ${text}`;
      });
  }

  const by = (name = 'ada') => ({ name, nowMs });
  const measured = async () => await measureState(parts, { id: 1, serviceId: 1, openedMs: startMs }, nowMs);
  const refused = async (asked: Promise<unknown>): Promise<string> =>
    await asked.then(
      () => expect.fail('nothing was refused'),
      (error: unknown) =>
        error instanceof ServerError ? `${error.code}: ${error.message}` : expect.fail(String(error)),
    );

  test('it writes itself, and people write what they say, think and do', async () => {
    for (let minute = 0; minute < 10; minute++) await at(minute, 'warming', 100);
    for (let minute = 10; minute < 20; minute++) await at(minute, 'warming', 100 + (minute - 9));
    await at(20, 'leak', 111);
    nowMs += 2 * minuteMs;
    await desk.assign(1, 'commander', 'Ada', by());
    await desk.note(1, { text: 'the dashboards hang', timeMs: startMs + 19 * minuteMs }, by());
    const wrong = await desk.suspect(1, { title: 'the new release', why: 'it is the latest change' }, by());
    nowMs += 8 * minuteMs;
    await desk.decide(1, wrong, { state: 'exonerated', why: '1.0 grew before it' }, by('eve'));
    await at(31, 'clean', 100);
    await at(47, 'clean', 100);
    expect(await timeline()).toEqual([
      '9 growth: live memory of a (1.0) began to grow: 100 MB then, 111 MB now, +1 MB a minute',
      '19 note (ada): the dashboards hang',
      '20 opened: page: shop 1.0 leaks: 1 of 1 process, +1.0 MB a minute; the limit is 50 minutes away',
      '20 verdict: a (1.0) is judged leak, before warming, the first of its version',
      '22 role (ada): Ada is incident commander',
      '22 hypothesis (ada): suspected: the new release: it is the latest change',
      '30 hypothesis (eve): exonerated: the new release: 1.0 grew before it',
      '31 calm: shop: no process runs out of memory any more',
      '31 verdict: a (1.0) is judged clean, before leak, the first of its version',
      '31 recovery: nothing runs out any more, as measured: none of 1 process grows, the steepest slope is 0 (−120 kB a minute to +120 kB a minute); requests are not told',
      '47 resolved: shop: no process runs out of memory any more',
      '47 recovery: recovered, as measured: none of 1 process grows, the steepest slope is 0 (−120 kB a minute to +120 kB a minute); requests are not told',
    ]);
    expect(await desk.roles(1)).toMatchObject([{ role: 'commander', name: 'Ada' }]);
    expect(await desk.hypotheses(1)).toMatchObject([{ state: 'exonerated', decided_by: 'eve' }]);
  });

  test('while it grows, resolving needs a reason; then it stays resolved until it stops, or for a day', async () => {
    await at(0, 'leak', 100);
    const state = await measured();
    expect(state).toMatchObject({ growing: 1, isRecovered: false });
    expect(await refused(desk.resolve(1, { state, reason: ' ' }, by()))).toBe(
      'EBB_SERVER_NOT_RECOVERED: incident 1 has not recovered: 1 of 1 process grows, the steepest slope is +1 MB a minute (+880 kB a minute to +1.1 MB a minute); requests are not told',
    );
    await desk.resolve(1, { state, reason: 'it is a load test' }, by());
    expect(decisions).toEqual(['resolve']);
    expect((await timeline()).slice(-2)).toEqual([
      '0 recovery: not recovered, as measured: 1 of 1 process grows, the steepest slope is +1 MB a minute (+880 kB a minute to +1.1 MB a minute); requests are not told',
      '0 resolved (ada): resolved by hand: it is a load test',
    ]);
    expect(await refused(desk.resolve(1, { state }, by()))).toMatch(/^EBB_SERVER_CONFLICT/);
    await at(5, 'leak', 105);
    expect(await parts.incidents.list({ open: true, most: 10 })).toEqual([]);
    await at(24 * 60, 'leak', 200);
    expect(await parts.incidents.list({ open: true, most: 10 })).toHaveLength(1);
  });

  test('what was resolved while it grew, and stopped, is a new incident when it comes back', async () => {
    await at(0, 'leak', 100);
    await desk.resolve(1, { state: await measured(), reason: 'known' }, by());
    await at(1, 'clean', 90);
    await at(2, 'leak', 100);
    expect(await parts.incidents.list({ open: true, most: 10 })).toMatchObject([{ id: 2 }]);
  });

  test('how things stand when nothing grows any more names what monitoring still tells', async () => {
    await at(0, 'leak', 100);
    const signal = {
      ...({ source: 'alertmanager', key: 'f', toldStartMs: startMs, kind: 'latency', level: 'warning' } as const),
      ...{ title: 'SlowCheckout', text: '', url: null, startedMs: startMs, endedMs: null },
    };
    const service = { service: 'shop', namespace: '', environment: '' };
    nowMs += 5 * minuteMs;
    const writer = await ReportWriter.open(database, limits);
    await writer.write([report(nowMs, { edge: edge('clean') })]);
    await lookAtIncidents(parts);
    // It comes between the look that found nothing and the note of how things stand.
    await parts.signals.record([{ service, signal }], nowMs);
    await writeTimelines(parts);
    const told = (await timeline()).filter((line) => line.includes('as measured'));
    expect(told).toEqual([
      expect.stringMatching(
        /^5 recovery: nothing runs out any more, as measured: none of 1 .*; told still: SlowCheckout$/,
      ),
    ]);
  });

  test('what people may have to hear of is told as soon as it is in the database; that it goes on or calms down is not', async () => {
    const seen: Promise<number>[] = [];
    const onNews = (): void =>
      void seen.push(parts.incidents.list({ open: true, most: 10 }).then(({ length }) => length));
    const heard = async (minutes: number, verdict: 'leak' | 'clean'): Promise<number[]> => {
      await at(minutes, verdict, 100, { onNews });
      return await Promise.all(seen.splice(0));
    };
    expect(await heard(0, 'leak')).toEqual([1]);
    expect(await heard(1, 'leak')).toEqual([]);
    expect(await heard(2, 'clean')).toEqual([]);
    expect(await heard(18, 'clean')).toEqual([0]);
  });

  test('after a restart nothing is measured until processes are old enough: it counts as no recovery', async () => {
    await at(0, 'leak', 100);
    await at(2, 'warming', 60);
    const state = await measured();
    expect(state).toMatchObject({ growing: 0, undecided: 1, bytesPerSecond: null, isRecovered: false });
    expect(await refused(desk.resolve(1, { state }, by()))).toBe(
      'EBB_SERVER_NOT_RECOVERED: incident 1 has not recovered: 1 of 1 process is too young to be judged; requests are not told',
    );
    expect((await timeline()).filter((line) => / (calm|recovery): /.test(line))).toEqual([
      '2 calm: shop: no process is known to run out of memory any more: 1 of 1 process is too young to be judged',
      '2 recovery: nothing is known to run out any more, as measured: 1 of 1 process is too young to be judged; requests are not told',
    ]);
    // What Ebb itself has proven to help is measured, however young the processes are; what came after it is not.
    const proven = (...results: string[]) => ({
      find: async () =>
        ({ changes: results.map((result) => ({ recovery: { result } })) }) as unknown as ToldAttribution,
    });
    const asked = { id: 1, serviceId: 1, openedMs: startMs };
    expect(await measureState({ ...parts, attributions: proven('proven') }, asked, nowMs)).toMatchObject({
      isRecovered: true,
      sentence: '1 of 1 process is too young to be judged, and what was done is proven to help; requests are not told',
    });
    expect(await measureState({ ...parts, attributions: proven('proven', 'not yet') }, asked, nowMs)).toMatchObject({
      isRecovered: false,
    });
    await at(12, 'clean', 60);
    expect(await measured()).toMatchObject({ undecided: 0, isRecovered: true });
    // Of several, half have to be judged.
    const writer = await ReportWriter.open(database, limits);
    const young = (instance: string) => report(nowMs, { identity: { instance }, edge: edge('warming') });
    await writer.write([young('b')]);
    expect(await measured()).toMatchObject({
      isRecovered: true,
      sentence: expect.stringContaining(
        'none of 2 processes grows, 1 is too young to be judged, the steepest slope is 0',
      ),
    });
    await writer.write([young('c')]);
    expect(await measured()).toMatchObject({ undecided: 2, isRecovered: false });
  });

  test('with measured recovery no reason is needed', async () => {
    await at(0, 'leak', 100);
    await at(5, 'clean', 90);
    await desk.resolve(1, { state: await measured() }, by());
    expect((await timeline()).at(-1)).toBe('5 resolved (ada): resolved by hand');
  });

  test('what fails for one service keeps no other from being told', async () => {
    const writer = await ReportWriter.open(database, limits);
    const leaking = ['a', 'b', 'c'].map((service) =>
      report(nowMs, { identity: { service }, edge: edge('leak', { secondsToLimit: 600 }) }),
    );
    await writer.write(leaking);
    const told: string[] = [];
    const incidents = new IncidentStore(database, async (db, { incidentId }) => {
      const opened = db.selectFrom('incidents').select('summary').where('id', '=', incidentId);
      const { summary } = await opened.executeTakeFirstOrThrow();
      if (summary.startsWith('a ')) throw new Error('no table for a');
      told.push(summary.slice(0, 1));
    });
    await expect(lookAtIncidents({ ...parts, incidents })).rejects.toThrow(/^no table for a$/);
    expect(told.sort()).toEqual(['b', 'c']);
    expect(await incidents.list({ open: true, most: 10 })).toHaveLength(2);
  });

  test('what cannot be is refused in words', async () => {
    await at(0, 'leak', 100);
    const day = 24 * 60 * minuteMs;
    expect(await refused(desk.note(2, { text: 'x' }, by()))).toBe('EBB_SERVER_NOT_FOUND: there is no incident 2');
    expect(await refused(desk.note(1, { text: ' \0 ' }, by()))).toBe('EBB_SERVER_BAD_REQUEST: the note has no text');
    expect(await refused(desk.note(1, { text: 'x', timeMs: nowMs + 1 }, by()))).toContain('is in the future');
    expect(await refused(desk.note(1, { text: 'x', timeMs: nowMs - 2 * day }, by()))).toContain(
      'more than a day before',
    );
    expect(await refused(desk.suspect(1, { title: 'x', changeId: 9 }, by()))).toContain('has no change 9');
    const id = await desk.suspect(1, { title: '<b>it</b>' }, by());
    expect(await refused(desk.decide(1, id + 1, { state: 'confirmed', why: 'y' }, by()))).toMatch(/no hypothesis 2/);
    expect(await refused(desk.decide(1, id, { state: 'confirmed', why: '' }, by()))).toContain(
      'the reason has no text',
    );
    await desk.decide(1, id, { state: 'exonerated', why: 'y' }, by());
    expect(await refused(desk.decide(1, id, { state: 'confirmed', why: 'y' }, by()))).toBe(
      'EBB_SERVER_CONFLICT: “<b>it</b>” is exonerated and cannot become confirmed; suspect it anew if there is a reason',
    );
  });
});
