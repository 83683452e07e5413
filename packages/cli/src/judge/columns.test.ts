import { expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { readHeader } from './columns.ts';

const read = (header: string, row = ''): ReturnType<typeof readHeader> =>
  readHeader(header.split(','), row.split(','), 'a.csv');

function refusal(header: string, row = ''): string {
  try {
    read(header, row);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).code).toBe('EBB_CLI_SERIES_HEADER');
    return (error as CliError).message;
  }
  throw new Error('the header was taken');
}

test("the contract's columns are found in any order", () => {
  expect(
    read('bytes,requests:GET /a,time_s,kind,series,limit_bytes,requests,age_s,version,sibling_group'),
  ).toMatchObject({
    time: { index: 2, as: 'seconds' },
    values: [{ index: 0, series: null }],
    names: [4],
    kind: 3,
    limitBytes: 5,
    requests: 6,
    routes: [{ index: 1, route: 'GET /a' }],
    ageS: 7,
    version: 8,
    siblingGroup: 9,
    unused: [],
  });
});

test('a time and one column for each series, as Grafana exports it', () => {
  const columns = read('"Time",pod-a,pod-b,pod-a'.replaceAll('"', ''), '2026-11-21 10:00:00,1.2 GiB,,3');
  expect(columns.time).toEqual({ index: 0, as: 'any' });
  expect(columns.values.map(({ series }) => series)).toEqual(['pod-a', 'pod-b', 'pod-a (2)']);
});

test('a time, a value and labels, as Prometheus tables are: the labels name the series, numbers do not', () => {
  const columns = read('Time,__name__,pod,instance,cpu,Value', '1700000000000,rss,web-1,10.0.0.1:80,0.5,123');
  expect(columns.values).toEqual([{ index: 5, series: null }]);
  expect(columns.names).toEqual([2, 3]);
  expect(columns.unused).toEqual(['__name__', 'cpu']);
});

test('what is not understood is refused with the columns and what to rename', () => {
  expect(refusal('when,bytes')).toBe(
    "line 1 of 'a.csv' has the columns 'when' and 'bytes'; none of them is the time: call that column time_s (seconds), or Time (dates, milliseconds)",
  );
  expect(refusal('time_s')).toContain('none of them is the memory');
  expect(refusal('time_s,series,mem', '1,a,2')).toContain('none of the columns is the memory: call it bytes');
  expect(refusal('ts,pod,mem_mi', '1,web-1,200')).toContain("(line 2, column 'pod': 'web-1')");
  expect(refusal('time_s,bytes,bytes')).toContain('two columns bytes');
});

test("a header's words steer no terminal", () => {
  expect(refusal('\u001b]0;title\u0007,b')).toContain("'\\x1b]0;title\\x07'");
});
