import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { ebb, startEbb, type Ended } from '../fixtures/run-ebb.ts';
import type { JudgeReport } from '../judge/report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-judge-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function csv(text: string | Buffer, name = `${++files}.csv`): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const report = ({ stdout }: Ended): JudgeReport => JSON.parse(stdout.toString()) as JudgeReport;
const MB = 1048576;
const minutes = Array.from({ length: 600 }, (_, minute) => minute);
/** Ripples of a few hundred kilobytes, the same on every run. */
const ripple = (minute: number): number =>
  Math.round((Math.sin(minute * 12.9898) + Math.sin(minute * 78.233)) * 0.1 * MB);
const flat = (minute: number): number => 200 * MB + ripple(minute);
/** 1 MB a minute: 10 % of the limit an hour. */
const leaking = (minute: number): number => flat(minute) + minute * MB;

describe('a file of two series, a leak and none', () => {
  const rows = minutes.flatMap((minute) => [
    `${minute * 60},flat,${flat(minute)},floor,${600 * MB}`,
    `${minute * 60},leaking,${leaking(minute)},floor,${900 * MB}`,
  ]);
  const file = csv(['time_s,series,bytes,kind,limit_bytes', ...rows].join('\n'));

  test('the JSON has a verdict of each, when it was said first, and the way to the limit; the end is 1', async () => {
    const ended = await ebb(['judge', '--json', file]);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(1);
    const { format, series } = report(ended);
    expect(format).toBe('ebb.judge/1');
    const [one, other] = series;
    expect(one).toMatchObject({ name: 'flat', verdict: 'clean', firstLeakAtSeconds: null, samples: 600 });
    expect(other).toMatchObject({ name: 'leaking', verdict: 'leak', trend: { limitBytes: 900 * MB } });
    expect(other?.verdicts.find(({ verdict }) => verdict === 'leak')?.atSeconds).toBe(other?.firstLeakAtSeconds);
    expect(other?.firstLeakAtSeconds).toBeGreaterThan(0);
    expect(other?.firstLeakAtSeconds).toBeLessThan(599 * 60);
    expect(other?.trend.bytesPerSecond).toBeCloseTo(MB / 60, -3);
    const left = (900 * MB - leaking(599)) / (MB / 60);
    expect(other?.trend.secondsToLimit).toBeGreaterThan(0.8 * left);
    expect(other?.trend.secondsToLimit).toBeLessThan(1.2 * left);
  });

  test('the text has the leak first, with a chart and an arrow where it was said, and no colour in a pipe', async () => {
    const { stdout, code } = await ebb(['judge', file], { NO_COLOR: '' });
    const text = stdout.toString();
    expect(code).toBe(1);
    expect(text).not.toContain('\u001b');
    expect(text.indexOf('LEAK')).toBeGreaterThanOrEqual(0);
    expect(text.indexOf('LEAK')).toBeLessThan(text.indexOf('CLEAN'));
    expect(text).toMatch(/▲ leak|leak ▲/);
    expect(text).toMatch(/the limit of \d+ MB is .* away/);
    expect(text).toContain('2 series, 1,200 values: 1 leak and 1 clean');
  });

  test('what comes later is not known: judged to the first leak, the same is said of the rows so far', async () => {
    const whole = report(await ebb(['judge', '--json', file])).series[1];
    const until = whole?.firstLeakAtSeconds ?? 0;
    const shorter = csv(
      ['time_s,series,bytes,kind,limit_bytes', ...rows.filter((row) => Number(row.split(',')[0]) <= until)].join('\n'),
    );
    const cut = report(await ebb(['judge', '--json', shorter])).series[1];
    expect(cut).toMatchObject({ verdict: 'leak', firstLeakAtSeconds: until });
    expect(cut?.verdicts).toEqual(whole?.verdicts.filter(({ atSeconds }) => atSeconds <= until));
  });

  test('gzip, standard input, semicolons, quotes, a byte order mark, CRLF and UTF-16 make no difference', async () => {
    const expected = report(await ebb(['judge', '--json', file])).series.map(({ file: _, ...rest }) => rest);
    const text = ['time_s,series,bytes,kind,limit_bytes', ...rows].join('\n');
    const quoted = text.replace(/[^,\n]+/g, '"$&"');
    const variants = [
      gzipSync(text),
      `\ufeff${text.replaceAll('\n', '\r\n')}\r\n`,
      `sep=;\r\n${quoted.replaceAll(',', ';').replaceAll('\n', '\r\n')}`,
      text.replaceAll(',', '\t'),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
    ];
    for (const variant of variants) {
      const ended = await ebb(['judge', '--json', csv(variant)]);
      expect(ended.stderr).toBe('');
      expect(report(ended).series.map(({ file: _, ...rest }) => rest)).toEqual(expected);
    }
    const run = startEbb(['judge', '--json', '-']);
    run.child.stdin?.end(gzipSync(text));
    expect(report(await run.ended).series.map(({ file: _, ...rest }) => rest)).toEqual(expected);
  });

  test('rows that are not in the order of time are sorted, from a pipe too', async () => {
    const expected = report(await ebb(['judge', '--json', file])).series.map(({ verdicts }) => verdicts);
    const text = ['time_s,series,bytes,kind,limit_bytes', ...rows.toReversed()].join('\n');
    const run = startEbb(['judge', '--json', '-']);
    run.child.stdin?.end(text);
    const ended = await run.ended;
    expect(ended.stderr).toContain('2 series of standard input were not in the order of time, and were sorted');
    const told = report(ended);
    expect(told.files[0]).toMatchObject({ seriesSorted: 2, values: 1200 });
    // The last row now comes first, and so does its series.
    expect(told.series.map(({ verdicts }) => verdicts)).toEqual(expected.toReversed());
  });
});

test("an export of Grafana: a column for each series, dates, sizes with units, and a limit that the file doesn't have", async () => {
  const at = (minute: number): string =>
    new Date(Date.UTC(2026, 10, 21, 0, minute)).toISOString().slice(0, 19).replace('T', ' ');
  const size = (bytes: number): string => `${(bytes / MB).toFixed(2)} MiB`;
  const rows = minutes.map(
    (minute) => `"${at(minute)}","${size(flat(minute))}",${minute % 50 === 0 ? '' : `"${size(leaking(minute))}"`}`,
  );
  const ended = await ebb([
    'judge',
    '--json',
    '--limit',
    '900MiB',
    csv(['"Time","web-1","web-2"', ...rows].join('\n'), 'panel.csv'),
  ]);
  const { series, files: told } = report(ended);
  expect(series.map(({ name }) => name)).toEqual(['web-1', 'web-2']);
  expect(series[1]?.trend.limitBytes).toBe(900 * MB);
  expect(series[0]?.fromSeconds).toBe(Date.UTC(2026, 10, 21) / 1000);
  expect(told[0]).toMatchObject({ values: 1188, gaps: 12, unreadable: 0 });
  expect(ended.stderr).toContain('were rounded for people');
});

test('rows of both kinds at one time are one sample, and the floor is what is judged', async () => {
  const rows = minutes.flatMap((minute) => [
    `${minute * 60},${flat(minute) + 60 * MB},rss`,
    `${minute * 60},${flat(minute)},floor`,
  ]);
  const { series } = report(await ebb(['judge', '--json', csv(['time_s,bytes,kind', ...rows].join('\n'))]));
  expect(series).toEqual([
    expect.objectContaining({ verdict: 'clean', samples: 600, duplicates: 0, lastBytes: flat(599) }),
  ]);
});

test('a process that is younger than before, or of another version, is judged anew', async () => {
  // Each grows for five hours, by what would be a leak if it were one process.
  const rows = minutes.map((minute) => {
    const age = (minute % 300) * 60;
    return `${minute * 60},${leaking(minute % 300)},floor,${600 * MB},${age},${minute < 300 ? '1.1' : '1.2'}`;
  });
  const { series } = report(
    await ebb(['judge', '--json', csv(['time_s,bytes,kind,limit_bytes,age_s,version', ...rows].join('\n'))]),
  );
  expect(series[0]).toMatchObject({ restarts: 1, samples: 600 });
  expect(series[0]?.verdicts.find(({ atSeconds }) => atSeconds === 300 * 60)).toEqual({
    atSeconds: 18_000,
    verdict: 'warming',
  });
});

describe('input that cannot be used', () => {
  const rows = minutes.map((minute) => `${minute * 60},${flat(minute)},floor`);

  test('one bad row does not lose the rest: it is left out, counted, and named by line and column', async () => {
    const bad = rows.toSpliced(10, 0, '600,many,floor').toSpliced(20, 0, 'noon,5,floor', '61,-5,floor', '62,5,both');
    const ended = await ebb(['judge', '--json', csv(['time_s,bytes,kind', ...bad].join('\n'), 'bad.csv')]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^ebb: 4 of 604 values of '.*bad.csv' were left out \(EBB_CLI_SERIES_ROW\)$/m);
    const { files: told, series } = report(ended);
    expect(told[0]).toMatchObject({ rows: 604, values: 600, unreadable: 4 });
    expect(told[0]?.firstUnreadable).toEqual([
      "line 12, column 2 (bytes): 'many': it is no size",
      "line 22, column 1 (time_s): 'noon': it is a time in seconds",
      "line 23, column 2 (bytes): '-5': it is negative",
      "line 24, column 3 (kind): 'both': it is rss or floor",
    ]);
    expect(series[0]).toMatchObject({ name: 'bad', samples: 600, verdict: 'clean' });
  });

  test('a row with more cells than the header is left out; one with fewer has gaps', async () => {
    const odd = rows.toSpliced(10, 0, '601,1,5,floor,7').toSpliced(20, 0, '602');
    const { files: told } = report(await ebb(['judge', '--json', csv(['time_s,bytes,kind', ...odd].join('\n'))]));
    expect(told[0]).toMatchObject({ values: 600, unreadable: 1, gaps: 1 });
    expect(told[0]?.firstUnreadable[0]).toContain('the row has 5 cells, the header 3');
  });

  test.each<[string, string | Buffer | null, string]>([
    ['a file that is not there', null, 'EBB_CLI_SERIES_UNREADABLE'],
    ['an empty file', '', 'EBB_CLI_SERIES_UNREADABLE'],
    ['a header alone', 'time_s,bytes\n', 'EBB_CLI_SERIES_ROWS'],
    ['a header that says nothing', 'a,b\n1,2\n', 'EBB_CLI_SERIES_HEADER'],
    ['values that are none', 'time_s,bytes\n1,x\n2,y\n3,5\n', 'EBB_CLI_SERIES_ROWS'],
    ['a quote that is never closed', `time_s,bytes\n1,"2\n${rows.join('\n')}`, 'EBB_CLI_SERIES_UNREADABLE'],
    [
      'a quote that is never closed in a huge file',
      `time_s,bytes\n1,"${'2\n'.repeat(1 << 20)}`,
      'EBB_CLI_SERIES_UNREADABLE',
    ],
    ['gzip that breaks off', gzipSync(rows.join('\n')).subarray(0, 200), 'EBB_CLI_SERIES_UNREADABLE'],
    ['no text', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0xff, 0xfe]), 'EBB_CLI_SERIES_HEADER'],
  ])('%s ends with 2 and its code', async (_, content, code) => {
    const ended = await ebb(['judge', '--json', content === null ? join(folder, 'nowhere.csv') : csv(content)]);
    expect(ended.stderr).toContain(code);
    expect(ended.stdout.toString()).toBe('');
    expect(ended.code).toBe(2);
  });

  test('a size or unit on the command line that is none ends with 2', async () => {
    for (const flags of [
      ['--limit', 'much'],
      ['--limit', '-5'],
      ['--unit', 'stone'],
    ]) {
      const ended = await ebb(['judge', ...flags, csv('time_s,bytes\n1,2\n')]);
      expect(ended.stderr).toContain('EBB_CLI_BAD_VALUE');
      expect(ended.code).toBe(2);
    }
  });
});
