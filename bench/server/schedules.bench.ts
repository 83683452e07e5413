// Are exactly the right people on call at every minute of ten years, in every zone of the IANA database?
//
//   npm run bench:schedules -w packages/server -- [schedules a zone] [seed] [zones]     --write: results/schedules.md
//
// For each zone schedules are drawn at random (layers with rotations, hours of the week and ends; overrides). What the
// server says over ten years (shifts, gaps, changes of the clocks, warnings) is held against a plain count, minute by
// minute, by the clocks as Intl shows them. It knows nothing of when clocks are changed. The tests do this for a sample.
import { randomInt } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { anySchedule, naiveShifts, NaiveClock } from '../../packages/server/src/fixtures/naive-schedule.ts';
import { gaps, warnings } from '../../packages/server/src/oncall/schedule/look-ahead.ts';
import { onCallAt, shifts, type Shift } from '../../packages/server/src/oncall/schedule/on-call.ts';
import type { Schedule } from '../../packages/server/src/oncall/schedule/schedule.ts';
import { ZoneClock } from '../../packages/server/src/oncall/schedule/zone-clock.ts';
import { showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean' } } });
const [perZone = '1', seedText = String(randomInt(2 ** 31)), mostZones = '1000'] = positionals;
const seed = Number(seedText);
const [fromMs, toMs] = [Date.UTC(2024, 0, 1), Date.UTC(2034, 0, 1)];
const minuteMs = 60_000;
const zones = Intl.supportedValuesOf('timeZone').slice(0, Number(mostZones));
const beganMs = performance.now();

const total = { schedules: 0, minutes: 0, shifts: 0, changes: 0, overrides: 0, gaps: 0, gapWarnings: 0 };
const wrong: string[] = [];
for (const [at, zone] of zones.entries()) {
  const own = new ZoneClock(zone);
  const naive = new NaiveClock(zone);
  const changes = naive.changes(fromMs, toMs);
  total.changes += changes.length;
  if (
    own
      .changes(fromMs, toMs)
      .map(({ atMs }) => atMs)
      .join() !== changes.join()
  )
    wrong.push(`${zone}: changes of the clocks`);
  for (const schedule of fc.sample(anySchedule(own, fromMs), { numRuns: Number(perZone), seed: seed + at })) {
    total.schedules += 1;
    for (const problem of compare(schedule, naive)) wrong.push(`${zone}, seed ${seed + at}: ${problem}`);
  }
  if (at % 20 === 19) console.error(`${at + 1} of ${zones.length} zones, ${wrong.length} wrong`);
}
for (const line of wrong.slice(0, 20)) console.error(line);

const count = (value: number): string => value.toLocaleString('en-US');
const table = [
  '# Schedules over ten years, minute by minute, in every zone',
  '',
  `\`npm run bench:schedules -w packages/server -- ${perZone} ${seed}\`, ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node.js ${process.versions.node} (time zones of ${process.versions.tz ?? 'unknown'}); ${((performance.now() - beganMs) / 60_000).toFixed(0)} minutes, on a shared machine. 2024 to 2033; the peer is a plain count by the clocks that Intl shows.`,
  '',
  '| | |',
  '| --- | ---: |',
  `| zones | ${count(zones.length)} |`,
  `| changes of the clocks | ${count(total.changes)} |`,
  `| schedules, drawn at random | ${count(total.schedules)} |`,
  `| overrides in them | ${count(total.overrides)} |`,
  `| shifts | ${count(total.shifts)} |`,
  `| minutes compared | ${count(total.minutes)} |`,
  `| gaps | ${count(total.gaps)} |`,
  `| of these warned of | ${count(total.gapWarnings)} |`,
  `| zones and schedules with anything else than the plain count | ${count(wrong.length)} |`,
  '',
].join('\n');
showTable(table, options.write === true ? 'schedules' : null);
if (wrong.length > 0) process.exitCode = 1;

/** What is wrong with a schedule: nothing. */
function compare(schedule: Schedule, clock: NaiveClock): string[] {
  const expected = naiveShifts(schedule, clock, fromMs, toMs);
  const told = shifts(schedule, fromMs, toMs);
  const problems: string[] = [];
  if (lineOf(told) !== lineOf(expected)) problems.push(`shifts: ${firstDifference(told, expected)}`);
  // At an instant, too: at both ends of each shift.
  for (const { fromMs: at, toMs: end, people } of expected)
    for (const timeMs of [at, end - minuteMs])
      if (onCallAt(schedule, timeMs).join() !== people.join())
        problems.push(`on call at ${new Date(timeMs).toISOString()}`);
  const empty = expected.filter(({ people }) => people.length === 0);
  if (lineOf(gaps(schedule, fromMs, toMs)) !== lineOf(empty)) problems.push('gaps');
  const warned = warnings(schedule, fromMs, toMs).filter(({ kind }) => kind === 'gap');
  if (warned.map(({ atMs }) => atMs).join() !== empty.map(({ fromMs: at }) => at).join())
    problems.push('warnings of gaps');
  total.minutes += (toMs - fromMs) / minuteMs;
  total.shifts += expected.length;
  total.overrides += schedule.overrides.length;
  total.gaps += empty.length;
  total.gapWarnings += warned.length;
  return problems;
}

function lineOf(found: readonly Shift[]): string {
  return found.map(({ fromMs: from, toMs: to, people }) => `${from} ${to} ${people.join()}`).join('\n');
}

function firstDifference(told: readonly Shift[], expected: readonly Shift[]): string {
  const at = expected.findIndex((shift, i) => lineOf([shift]) !== lineOf(told.slice(i, i + 1)));
  return `${JSON.stringify(told[at])} instead of ${JSON.stringify(expected[at])}`;
}
