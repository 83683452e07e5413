import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { readRows, type FileRead, type SeriesRow } from './rows.ts';

async function read(text: string | Uint8Array, pieceBytes = 1 << 16): Promise<{ rows: SeriesRow[]; told: FileRead }> {
  const bytes = Buffer.from(text as string);
  const rows: SeriesRow[] = [];
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  return { told: await readRows('a.csv', pieces(), { plainUnitBytes: 1 }, (row) => rows.push(row)), rows };
}

test('a row has all that the contract knows, and routes in the order of their columns', async () => {
  const header =
    'time_s,bytes,series,kind,limit_bytes,requests,requests:GET /,requests:POST /login,age_s,version,sibling_group';
  const { rows } = await read(`${header}\n1.5,2e6,web-1,floor,1e9,30,20,10,60,1.2,web\n2.5,3e6,web-1,,,,,,,,\n`);
  expect(rows).toEqual([
    {
      line: 2,
      series: 'web-1',
      timeS: 1.5,
      bytes: 2e6,
      kind: 'floor',
      limitBytes: 1e9,
      requests: 30,
      routes: [20, 10],
      ageS: 60,
      version: '1.2',
      siblingGroup: 'web',
    },
    {
      line: 3,
      series: 'web-1',
      timeS: 2.5,
      bytes: 3e6,
      kind: 'rss',
      limitBytes: null,
      requests: null,
      routes: [null, null],
      ageS: null,
      version: null,
      siblingGroup: null,
    },
  ]);
});

test('cells beside the value that cannot be read do not cost the value', async () => {
  const { rows, told } = await read('time_s,bytes,requests,limit_bytes\n1,2,many,-5\n');
  expect(rows).toEqual([expect.objectContaining({ bytes: 2, requests: null, limitBytes: null })]);
  expect(told).toMatchObject({ values: 1, unreadable: 0, unreadableExtras: 2 });
  expect(told.first.map(({ line, column, why }) => [line, column, why])).toEqual([
    [2, 4, 'it is negative'],
    [2, 3, 'it is no number'],
  ]);
});

test('a line is the one that the row ends on, behind cells of several lines and empty lines', async () => {
  const { told } = await read('sep=;\ntime_s;bytes;series\n1;2;"a\nb"\n\n3;x;c\n');
  expect(told.first).toEqual([{ line: 6, column: 2, name: 'bytes', cell: 'x', why: 'it is no size' }]);
});

test('what is read does not depend on where the pieces end', async () => {
  const text = '\ufeffTime,"wéb ""1""",web-2\r\n2026-11-21 10:00:00,1.5 GiB,\r\n2026-11-21 10:01:00,"1,536 MiB",7\r\n';
  const whole = await read(text);
  expect(whole.rows).toHaveLength(3);
  expect(whole.rows[0]).toMatchObject({ series: 'wéb "1"', bytes: 1.5 * 2 ** 30 });
  for (const size of [1, 2, 3, 7, 64]) expect(await read(text, size)).toEqual(whole);
  const wide = Buffer.from(text, 'utf16le');
  for (const size of [2, 3, 5, 64]) expect((await read(wide, size)).rows).toEqual(whole.rows);
});

const anyCell = fc.oneof(
  fc.string(),
  fc.double().map(String),
  fc.constantFrom(
    '',
    'NaN',
    '-1',
    '1e400',
    '1.2 GiB',
    '"',
    '""',
    '2026-11-21 10:00',
    'rss',
    'floor',
    '1,5',
    '\u0000',
    '\u001b[2J',
  ),
);

test('of any cells under the header of the contract, every value is handed on, missing, or counted as unreadable', async () => {
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyCell, { minLength: 2, maxLength: 5 }), { maxLength: 20 }), async (table) => {
      const { rows, told } = await read(
        `time_s,bytes,kind,requests\n${table.map((row) => row.map(quoted).join(',')).join('\n')}`,
      );
      expect(told.values).toBe(rows.length);
      expect(told.values + told.gaps + told.unreadable).toBe(told.rows);
      for (const { timeS, bytes, requests } of rows) {
        expect(Number.isFinite(timeS)).toBe(true);
        expect(bytes >= 0 && bytes < 2 ** 50).toBe(true);
        expect(requests === null || requests >= 0).toBe(true);
      }
    }),
  );
});

test('any bytes at all are read, or refused with a code', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ maxLength: 400 }).map((text) => Buffer.from(`time_s,bytes\n${text}`)),
    fc.array(anyCell, { maxLength: 40 }).map((cells) => Buffer.from(cells.join(','))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 100 }), async (input, pieceBytes) => {
      try {
        await read(input, pieceBytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CliError);
        expect((error as CliError).code).toMatch(/^EBB_CLI_SERIES_/);
      }
    }),
    { numRuns: 300 },
  );
});
