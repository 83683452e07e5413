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
