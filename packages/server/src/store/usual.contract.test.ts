// What earlier processes of a service did makes the judge of the next ones surer (decision 26), from either database.
import { describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { report } from '../fixtures/reports.ts';
import type { ProcessReport } from '../ingest/report.ts';
import { UsualRises } from '../judge/usual-rises.ts';
import { openDatabase } from './database.ts';
import { earlierRises } from './earlier-lives.ts';
import { ReportWriter } from './report-writer.ts';
import { tidy } from './retention.ts';

const limits = { mostProcesses: 1000, mostServices: 10, mostWaiting: 10_000 };
const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 10, 18);

interface Run {
  version: string;
  instance: string;
  fromMs: number;
  hours: number;
  bytesAt: (hours: number) => number;
}

/** A process whose RSS somebody else tells, every two minutes. */
function* reportsOf({ version, instance, fromMs, hours, bytesAt }: Run): Generator<ProcessReport> {
  for (let timeMs = fromMs, i = 0; timeMs < fromMs + hours * hour; timeMs += 2 * minute, i++) {
    const wobble = ((i * 7919) % 101) * 2e4;
    const rssBytes = bytesAt((timeMs - fromMs) / hour) + wobble;
    yield report(timeMs, {
      identity: { version, instance },
      figures: { rssBytes, containerLimitBytes: 5e8, startedMs: fromMs },
    });
  }
}

const flat = (): number => 1.5e8;
const rising = (hours: number): number => 1.5e8 + hours * 8e6;
const later = { version: '2', instance: 'new', fromMs: start + 30 * hour, hours: 14, bytesAt: rising };
const before = (bytesAt: Run['bytesAt']): Run[] =>
  ['a', 'b', 'c', 'd'].map((instance) => ({ version: '1', instance, fromMs: start, hours: 30, bytesAt }));

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);

  /** Hours from the start of the last one until the server calls it a leak. */
  async function hoursToLeak(runs: readonly Run[], knows: boolean, thinned = false): Promise<number> {
    const database = await openDatabase(emptyPlace());
    let nowMs = start;
    const now = (): number => nowMs;
    const usual = new UsualRises(async (one) => await earlierRises(database.query, one, nowMs), now);
    const writer = await ReportWriter.open(database, limits, now, ...(knows ? [usual] : []));
    try {
      for (const run of runs) {
        const reports = [...reportsOf(run)];
        for (let at = 0; at < reports.length; at += 60) {
          const piece = reports.slice(at, at + 60);
          nowMs = piece.at(-1)?.timeMs ?? nowMs;
          await writer.write(piece);
          await usual.refresh();
        }
        if (thinned && run !== runs.at(-1))
          await tidy(database, nowMs, {
            samplesMs: hour,
            hoursMs: 90 * 24 * hour,
            mostProcesses: 900,
            mostServices: 9,
          });
      }
      const { time_ms: leakMs } = await database.query
        .selectFrom('verdict_changes')
        .innerJoin('processes', 'processes.id', 'verdict_changes.process_id')
        .select((select) => select.fn.min('time_ms').as('time_ms'))
        .where('verdict_changes.verdict', '=', 'leak')
        .where('instance', '=', runs.at(-1)?.instance ?? '')
        .executeTakeFirstOrThrow();
      return leakMs === null ? Infinity : (leakMs - (runs.at(-1)?.fromMs ?? 0)) / hour;
    } finally {
      await writer.close();
      await database.close();
    }
  }

  test('growth that the version before never had is a leak hours sooner', async () => {
    const runs = [...before(flat), later];
    const alone = await hoursToLeak(runs, false);
    expect(alone).toBeLessThan(Infinity);
    expect(await hoursToLeak(runs, true)).toBeLessThan(alone - 2);
    // Also when of the earlier ones only a sample an hour is left.
    expect(await hoursToLeak(runs, true, true)).toBeLessThan(alone - 2);
  });

  test('growth like that of the version before is judged with all the patience that it takes without it', async () => {
    const runs = [...before(rising), later];
    expect(await hoursToLeak(runs, true)).toBe(await hoursToLeak(runs, false));
  });

  test('a process that told its end is an earlier one at once, and one that only fell silent after ten minutes', async () => {
    const database = await openDatabase(emptyPlace());
    const writer = await ReportWriter.open(database, limits, () => start);
    const rss = (instance: string, minutes: number, endedMs: number | null = null): ProcessReport =>
      report(start + minutes * minute, {
        identity: { version: '', instance },
        figures: { rssBytes: 1e8, startedMs: start, endedMs },
      });
    const later = { service_id: 1, version: '', by: 'rss_bytes' } as const;
    const known = async (minutes: number): Promise<boolean> =>
      (await earlierRises(database.query, later, start + minutes * minute)) !== null;
    await writer.write([rss('a', 0), rss('a', 5), rss('b', 0), rss('b', 5)]);
    expect(await known(6)).toBe(false);
    await writer.write([rss('a', 7, start + 7 * minute)]);
    expect(await known(8)).toBe(true);
    await database.query.deleteFrom('processes').where('instance', '=', 'a').execute();
    expect([await known(8), await known(16)]).toEqual([false, true]);
    await writer.close();
    await database.close();
  });

  test('without a version before, processes that have ended are the earlier ones', async () => {
    const runs = [...before(flat), later].map((run) => ({ ...run, version: '' }));
    expect(await hoursToLeak(runs, true)).toBeLessThan((await hoursToLeak(runs, false)) - 2);
  });
});
