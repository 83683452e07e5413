// One suite for both databases: what an incident does to requests, by route, on two servers.
import { describe, expect, test } from 'vitest';
import { engines } from '../fixtures/empty-places.ts';
import { edge, report } from '../fixtures/reports.ts';
import { smallLimits, startMs as start, twoServers } from '../fixtures/two-servers.ts';
import { impactOf, measureAll } from '../incident/impact-keeper.ts';
import type { RouteSeries } from '../ingest/report.ts';
import { ReportWriter } from './report-writer.ts';
import { tidy } from './retention.ts';

const minute = 60_000;

describe.each(engines)('on %s', (engine) => {
  const { clock, opened, servers, look } = twoServers(engine);

  const series = (route: string, requests: number, good: number, failed = 0): RouteSeries[] => [
    { key: `${route} ok`, route, isFailing: false, requests, inTime: good },
    ...(failed === 0 ? [] : [{ key: `${route} bad`, route, isFailing: true, requests: failed, inTime: failed }]),
  ];

  test('what an incident does is measured by route, told in the incident, and kept when the minutes are gone', async () => {
    const [{ incidents, routes }] = servers;
    const writer = await ReportWriter.open(opened[0], smallLimits);
    const sketches = [
      { route: '', who: 'all' as const, sketch: 'sAABA_hBACP_F' },
      { route: '', who: 'affected' as const, sketch: 'sAAB' },
      { route: 'GET /cart', who: 'all' as const, sketch: 'sAABA_h' },
      { route: 'GET /cart', who: 'affected' as const, sketch: 'sAAB' },
    ];
    // An hour that is well; then the leak, and a cart that is slow or fails for two of five.
    for (let at = 0; at <= 90; at++) {
      clock.nowMs = start + at * minute;
      const bad = Math.max(0, at - 60) * 40;
      const told = report(clock.nowMs, {
        figures: { startedMs: start - 1000 },
        edge: edge(at > 65 ? 'leak' : 'clean', { secondsToLimit: 3000 }),
      });
      const byRoute = [
        ...series('GET /cart', 100 * at - bad / 2, 100 * at - bad, bad / 2),
        ...series('GET /', 300 * at, 300 * at),
      ];
      // Each report twice, as a client that missed the answer sends it.
      for (let i = 0; i < 2; i++)
        await writer.write([{ ...told, routes: { series: byRoute, sketches: at > 60 ? sketches : [] } }]);
    }
    await look();
    await measureAll(servers[0]);
    await measureAll(servers[1]);
    const [incident] = await incidents.list({ open: true, most: 1 });
    const impact = await impactOf(routes, incident, clock.nowMs);
    const sentence =
      '10 % of requests and about 25 % of clients slow or failing from 15:31 to 16:00 UTC, most of them on GET /cart (40 %)';
    expect(impact?.sentence).toBe(sentence);
    expect(impact?.routes).toMatchObject([
      { route: 'GET /cart', requests: 2900, slow: 580, failed: 580, requestShare: 0.4, clients: 2, affectedClients: 1 },
    ]);
    expect(JSON.parse(incident.impact ?? '')).toEqual(impact);
    const timeline = await incidents.timeline(incident.id);
    expect(timeline.filter(({ kind }) => kind === 'impact')).toEqual([
      { timeMs: start + 61 * minute, kind: 'impact', text: sentence, actor: null },
    ]);
    clock.nowMs += 72 * 60 * minute;
    await tidy(opened[0], clock.nowMs, {
      samplesMs: 48 * 60 * minute,
      hoursMs: 90 * 24 * 60 * minute,
      mostProcesses: 1000,
      mostServices: 100,
    });
    expect(await routes.counts(incident.service_id, 0, clock.nowMs)).toEqual([]);
    expect(await impactOf(routes, incident, clock.nowMs)).toEqual(impact);
  });

  test('routes without end are counted together, by two servers at once as by one', async () => {
    const writers = [await ReportWriter.open(opened[0], smallLimits), await ReportWriter.open(opened[1], smallLimits)];
    const flood = Array.from({ length: 390 }, (_, i) => series(`GET /${i}`, 2, 1)).flat();
    const write = async (i: number): Promise<void> => {
      const told = report(clock.nowMs, { identity: { instance: `i${i}` }, figures: { startedMs: clock.nowMs - 1000 } });
      await writers[i % 2].write([{ ...told, routes: { series: flood, sketches: [] } }]);
    };
    const all = Array.from({ length: 6 }, (_, i) => i);
    if (engine === 'postgres') await Promise.all(all.map(write));
    else for (const i of all) await write(i);
    const [{ id }] = await servers[0].fleet.services();
    const counts = await servers[0].routes.counts(id, 0, clock.nowMs + minute);
    expect(counts.length).toBeLessThanOrEqual(302);
    expect(counts.find(({ route }) => route === '')).toMatchObject({ requests: 6 * 780, good: 6 * 390, failed: 0 });
  });
});
