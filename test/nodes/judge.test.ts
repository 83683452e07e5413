// Every Node judges the same series in the same way, from a file and from a pipe.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const bin = new URL('../../packages/cli/bin/ebb.js', import.meta.url).pathname;
const MB = 1048576;

/** Ten hours of a floor that grows by a megabyte a minute, out of order, with a row that cannot be read. */
const csv = [
  'Time;rss-of-nothing;web 1',
  ...Array.from({ length: 600 }, (_, minute) => {
    const at = new Date(Date.UTC(2026, 10, 21, 0, 599 - minute)).toISOString();
    return `${at};;"${(200 + (599 - minute) + 0.1 * Math.sin(minute * 12.9898)).toFixed(3)} MiB"`;
  }),
  'later;1;2',
].join('\r\n');

test('`ebb judge` says the same on every Node', () => {
  const told = availableNodes().map(({ path: node }) => {
    const ended = spawnSync(node, [bin, 'judge', '--json', '--limit', '2GiB', '-'], { encoding: 'utf8', input: csv });
    expect(ended.stderr).toContain('2 of 602 values of standard input were left out (EBB_CLI_SERIES_ROW)');
    expect(ended.stderr).toContain('1 series of standard input were not in the order of time, and were sorted');
    return {
      status: ended.status,
      report: JSON.parse(ended.stdout) as { series: { name: string; lastBytes: number }[] },
    };
  });
  for (const one of told) expect(one).toEqual(told[0]);
  expect(told[0].report.series).toMatchObject([{ name: 'web 1', trend: { limitBytes: 2 ** 31 } }]);
  expect(told[0].report.series[0].lastBytes).toBeGreaterThan(798 * MB);
});
