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
import { compareZone, type Compared } from '../../packages/server/src/fixtures/schedule-years.ts';
import { showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean' } } });
const [perZone = '1', seedText = String(randomInt(2 ** 31)), mostZones = '1000'] = positionals;
const seed = Number(seedText);
const zones = Intl.supportedValuesOf('timeZone').slice(0, Number(mostZones));
const beganMs = performance.now();

const total: Compared = {
  ...{ schedules: 0, minutes: 0, shifts: 0, changes: 0, overrides: 0, gaps: 0, gapWarnings: 0 },
  wrong: [],
};
for (const [at, zone] of zones.entries()) {
  compareZone(zone, { seed: seed + at, schedules: Number(perZone) }, total);
  if (at % 20 === 19) console.error(`${at + 1} of ${zones.length} zones, ${total.wrong.length} wrong`);
}
const { wrong } = total;
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
