// One suite for both databases: from what processes told to the incident's timeline.
import { beforeEach, describe, expect, test } from 'vitest';
import { livesAt, playScene, type Scene } from '../fixtures/attribution/play-scene.ts';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { edge, report } from '../fixtures/reports.ts';
import { usualRules } from '../incident/decide.ts';
import { lookAtIncidents } from '../incident/incident-keeper.ts';
import { ChangeStore } from '../store/changes.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { FleetReader } from '../store/fleet-reader.ts';
import { IncidentStore } from '../store/incidents.ts';
import { ReportWriter } from '../store/report-writer.ts';
import { SignalStore } from '../store/signals.ts';
import { proofOn } from './action-proof.ts';
import { attributeAll } from './attribution-keeper.ts';
import { AttributionStore } from './attribution-store.ts';
import { readLives } from './life-reader.ts';

const minuteMs = 60_000;
const limits = { mostProcesses: 100, mostServices: 10, mostWaiting: 100_000 };

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let database: Database;
  beforeEach(async () => {
    database = await openDatabase(emptyPlace());
    return async () => {
      await database.close();
    };
  });

  /** Every fifth minute of what the scene's processes tell until a time, verdicts included. */
  async function tellUntil(scene: Scene, nowMs: number): Promise<void> {
    const writer = await ReportWriter.open(database, limits, () => nowMs);
    const reports = livesAt(scene.lives, nowMs).flatMap((life) =>
      life.points
        .filter((_, at) => at % 5 === 0 || at === life.points.length - 1)
        .map(({ timeMs, bytes, requests }) =>
          report(timeMs, {
            identity: { version: life.version, instance: life.process },
            figures: { startedMs: life.startMs, floorBytes: bytes, requests, heapLimitBytes: 4e9 },
            edge: edge(life.leakedAtMs !== null && timeMs >= life.leakedAtMs ? 'leak' : 'clean'),
          }),
        ),
    );
    reports.sort((a, b) => a.timeMs - b.timeMs);
    await writer.write(reports);
    const changes = new ChangeStore(database, limits);
    for (const { timeMs, kind, summary, version, revision } of scene.changes.filter((one) => one.timeMs <= nowMs))
      await changes.record({
        service: { service: 'shop', namespace: '', environment: '' },
        ...{ timeMs, timeTold: true, kind, summary, source: 'ci', version, revision, links: [] },
      });
    await writer.close();
  }

  test('the guilty and the exonerated stand on the timeline once, and the summary says whether a rollback helps', async () => {
    const scene = playScene('the deploy before the newest leaks', 3);
    const nowMs = (scene.verdictMs ?? 0) + 5 * minuteMs;
    await tellUntil(scene, nowMs);
    const [fleet, incidents, signals] = [
      new FleetReader(database.query),
      new IncidentStore(database),
      new SignalStore(database, limits),
    ];
    const attributions = new AttributionStore(database);
    const look = async (): Promise<void> => {
      await lookAtIncidents({ fleet, incidents, signals, rules: usualRules, now: () => nowMs });
      await attributeAll({ incidents, attributions, now: () => nowMs });
    };
    await look();
    await look();
    const [incident] = await incidents.list({ open: true, most: 10 });
    const parts = (await incidents.timeline(incident.id)).filter(
      ({ kind }) => kind === 'guilty' || kind === 'exonerated',
    );
    expect(parts.map(({ kind, text }) => [kind, text.split(':')[0]])).toEqual([
      ['guilty', '1.1 is guilty'],
      ['exonerated', '1.2 is exonerated'],
    ]);
    expect(incident.summary).toMatch(
      /^shop 1\.2 leaks: .*\. Rolling back 1\.2 will not help: 1\.1 grew .*\. The newest version that did not grow is 1\.0$/,
    );
    const told = await attributions.find(incident.id);
    expect(told).toMatchObject({ rollbackHelps: false, rollBackTo: '1.0', judgedMs: nowMs });
    expect(told?.changes.map(({ part, without, with: own }) => [part, without?.version, own?.version])).toEqual([
      ['guilty', '1.0', '1.1'],
      ['exonerated', '1.1', '1.2'],
    ]);
    expect(await attributions.find(99)).toBeNull();
  });

  test('the first notice says whether a rollback helps; a judgement that fails holds none back', async () => {
    const scene = playScene('the deploy before the newest leaks', 3);
    const nowMs = (scene.verdictMs ?? 0) + 5 * minuteMs;
    await tellUntil(scene, nowMs);
    const heard: string[] = [];
    const incidents = new IncidentStore(database, async (db, { incidentId, decision }) => {
      const { summary } = await db
        .selectFrom('incidents')
        .select('summary')
        .where('id', '=', incidentId)
        .executeTakeFirstOrThrow();
      heard.push(`${decision}: ${summary}`);
    });
    const [fleet, signals, now] = [
      new FleetReader(database.query),
      new SignalStore(database, limits),
      () => nowMs,
    ] as const;
    const attributions = new AttributionStore(database);
    const looked = { fleet, incidents, signals, rules: usualRules, now };
    await lookAtIncidents({ ...looked, attributions });
    expect(heard).toEqual([
      expect.stringMatching(/^open: shop 1\.2 leaks: .*\. Rolling back 1\.2 will not help: 1\.1 grew/),
    ]);
    const [{ id }] = await incidents.list({ open: true, most: 1 });
    expect(await incidents.timeline(id)).toContainEqual(expect.objectContaining({ kind: 'guilty' }));
    // Nothing changes with the next look.
    await lookAtIncidents({ ...looked, attributions });
    expect(new Set(heard.map((line) => line.slice(line.indexOf(':')))).size).toBe(1);

    await database.query
      .updateTable('incidents')
      .set({ resolved_ms: nowMs - 86_400_000 })
      .execute();
    const broken = { judge: async () => await Promise.reject(new Error('no')) };
    await expect(lookAtIncidents({ ...looked, attributions: broken })).rejects.toThrow('could not be held against');
    expect(await incidents.list({ open: true, most: 10 })).toMatchObject([
      { cause: 'memory', summary: expect.not.stringContaining('Rolling back') },
    ]);
  });

  test('what a restart gave, and that it mended nothing, stands on the timeline, each once', async () => {
    const writer = await ReportWriter.open(database, limits, () => 0);
    const bytesAt = (age: number): number => 100e6 + age * 1e6 + Math.min(age, 10) * 2e6 + Math.sin(age * 13) * 1e6;
    /** The same instance, begun anew after three hours: what a manager of processes does. */
    const tellMinutes = async (from: number, to: number): Promise<void> => {
      const minutes = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      await writer.write(
        minutes.map((minute) => {
          const began = minute > 180 ? 181 : 0;
          const age = minute - began;
          const figures = { startedMs: began * minuteMs, floorBytes: bytesAt(age), requests: age * 600 };
          const told = { figures: { ...figures, heapLimitBytes: 1e9 }, edge: edge(age >= 60 ? 'leak' : 'clean') };
          return report(minute * minuteMs, told);
        }),
      );
    };
    await tellMinutes(0, 184);
    const times = { opened_ms: 60 * minuteMs, quiet_since_ms: null, resolved_ms: null };
    const told = { level: 'page', cause: 'memory', summary: 'shop leaks', impact: null } as const;
    await database.query
      .insertInto('incidents')
      .values({ service_id: 1, ...times, ...told, reopened: 0, held_until_ms: null })
      .execute();
    const action = { service_id: 1, incident_id: 1, version: null, subject: null, least_serving: 1, why: '' };
    const over = { automatic: 1, runner: 'r', lease_until_ms: null, stop_reason: null, outcome: 'ok', steps: '[]' };
    const targets = JSON.stringify([{ instance: 'a', pid: 1, version: '1.0', secondsToLimit: 7200 }]);
    await database.query
      .insertInto('actions')
      .values({
        ...{ ...action, ...over, kind: 'restart', state: 'done', targets, ordered_by: 'ebb (automatic)' },
        ...{ ordered_ms: 180 * minuteMs, started_ms: 180 * minuteMs, ended_ms: 181 * minuteMs },
      })
      .execute();
    const attributions = new AttributionStore(database);
    const incidents = new IncidentStore(database);
    const proofs = async (minute: number): Promise<string[]> => {
      await attributions.proveActions(minute * minuteMs);
      await attributions.proveActions(minute * minuteMs);
      const rows = await incidents.timeline(1);
      return rows.filter(({ text }) => text.startsWith('action')).map(({ kind, text }) => `${kind}: ${text}`);
    };
    const [awaited, ...others] = await proofs(184);
    expect(others).toEqual([]);
    expect(awaited).toMatch(
      /^recovery-awaited: action 1: the restart of 1 gave back 19\d MB; with the slope of before, .* MB an hour \(.*\), the limit is 1\d hours away \(.*\), 2 hours when it was ordered; it mends no slope, and whether that is back is known by 04:01 UTC at the latest$/,
    );
    // It leaks again after as long as before.
    await tellMinutes(185, 245);
    await writer.close();
    expect((await proofs(245)).slice(1)).toEqual([
      expect.stringMatching(
        /^not-recovered: action 1: the restart of 1 has won time and mended nothing: memory still grows .* MB an hour .* before$/,
      ),
    ]);
    expect(await proofs(300)).toHaveLength(2);
    // It stands with the action, too.
    const { proof } = await database.query.selectFrom('actions').select('proof').executeTakeFirstOrThrow();
    expect(proofOn({ proof })).toMatchObject({ result: 'refuted', suggestsResolving: false });
  });

  test('what is decided hides nothing newer, and one that cannot be read keeps none from its proof', async () => {
    const writer = await ReportWriter.open(database, limits, () => 0);
    await writer.write([report(0)]);
    await writer.close();
    const told = { level: 'page', cause: 'memory', summary: 'shop leaks', impact: null } as const;
    await database.query
      .insertInto('incidents')
      .values({
        ...{ service_id: 1, opened_ms: 0, quiet_since_ms: null, resolved_ms: null },
        ...{ ...told, reopened: 0, held_until_ms: null },
      })
      .execute();
    const order = async (minute: number, targets = '[]'): Promise<void> => {
      const action = {
        service_id: 1,
        incident_id: 1,
        version: null,
        subject: 'POST /login',
        least_serving: 1,
        why: '',
      };
      const over = { automatic: 0, runner: 'r', lease_until_ms: null, stop_reason: null, outcome: 'ok', steps: '[]' };
      const at = { ordered_ms: minute * minuteMs, started_ms: minute * minuteMs, ended_ms: minute * minuteMs };
      await database.query
        .insertInto('actions')
        .values({ ...action, ...over, ...at, kind: 'shed', state: 'done', targets, ordered_by: 'ada' })
        .execute();
    };
    const attributions = new AttributionStore(database);
    for (let minute = 1; minute <= 60; minute++) await order(minute);
    // Nothing grew before any of them: they are decided as soon as they were looked at, fifty at a time.
    await attributions.proveActions(100 * minuteMs);
    await attributions.proveActions(100 * minuteMs);
    await order(101, 'no JSON');
    await order(102);
    await expect(attributions.proveActions(103 * minuteMs)).rejects.toThrow('JSON');
    const rows = await database.query.selectFrom('actions').select(['id', 'proof']).orderBy('id').execute();
    const without = rows.filter((row) => proofOn(row)?.result !== 'nothing grew');
    expect(without).toEqual([{ id: 61, proof: null }]);
  });

  test('lives are read as they were told: cut at restarts, with when they were called leaks', async () => {
    const writer = await ReportWriter.open(database, limits, () => 0);
    const at = (minute: number, requests: number, verdict: 'clean' | 'leak'): ReturnType<typeof report> =>
      report(minute * minuteMs, { figures: { rssBytes: 1e6 + minute, requests }, edge: edge(verdict) });
    await writer.write([at(1, 10, 'clean'), at(2, 20, 'clean'), at(3, 5, 'clean'), at(4, 50, 'leak')]);
    await writer.close();
    const lives = await readLives(database.query, 1, 10 * minuteMs);
    expect(
      lives.map(({ startMs, endMs, leakedAtMs }) => [startMs, endMs, leakedAtMs].map((ms) => ms && ms / minuteMs)),
    ).toEqual([
      [1, 2, null],
      [3, 4, 4],
    ]);
  });
});
