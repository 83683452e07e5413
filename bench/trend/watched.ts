// Programs that `ebb watch` would watch: two minutes, a sample a second, a full collection every two seconds or so.
import { healthy, leaks, nativeLeaks, seeded, simulate } from '@ebb/trend/simulate';
import type { Draw } from '@ebb/trend/simulate';
import { MemoryJudge } from '@ebb/trend';
import type { Rule } from './alarm.ts';
import { quantile } from './intervals.ts';

/** The windows of the rules of today are for minutes; here they are for seconds. */
const SCALE = 1 / 60;

/** Says for each kind of program in how many of the runs a rule ever alarmed, and at which second (median). */
export function watchedPrograms(
  runs: number,
  rules: Readonly<Record<string, (scale?: number) => Rule>>,
  say: (line: string) => void,
): void {
  const columns = [...Object.keys(rules), 'Ebb suspicious', 'Ebb leak', 'Ebb native'];
  say(
    `${runs} runs a program, 120 samples a second apart, heap limit 256 MB. The rules of today see the floors (the threshold: what is in use), with windows of seconds instead of minutes. A cell: the share of the runs in which a rule ever alarmed, and at which second (median).\n`,
  );
  for (const [title, draws] of Object.entries({
    'healthy: every alarm is false': healthy,
    leaking: leaks,
    'leaking native memory': nativeLeaks,
  })) {
    say(`| ${title} | ${columns.join(' | ')} |`);
    say(`|---|${columns.map(() => '---').join('|')}|`);
    const sums = columns.map(() => 0);
    const kinds = Object.entries(draws);
    for (const [name, draw] of kinds) {
      const firsts = Array.from({ length: runs }, (_, nth) => firstAlarms(draw, nth + 1, rules));
      const cells = columns.map((column, at) => {
        const seconds = firsts.flatMap((first) => first[column] ?? []);
        sums[at] += seconds.length / runs;
        return seconds.length === 0
          ? '0'
          : `${Math.round((100 * seconds.length) / runs)} % at ${quantile(seconds, 0.5).toFixed(0)}`;
      });
      say(`| ${name} | ${cells.join(' | ')} |`);
    }
    say(`| **all** | ${sums.map((sum) => `**${((100 * sum) / kinds.length).toFixed(0)} %**`).join(' | ')} |\n`);
  }
}

function firstAlarms(
  draw: Draw,
  seed: number,
  rules: Readonly<Record<string, (scale?: number) => Rule>>,
): Record<string, number> {
  const first: Record<string, number> = {};
  const judge = new MemoryJudge();
  const playing = Object.entries(rules).map(([name, make]) => ({ name, rule: make(SCALE) }));
  let floorMs = Number.NaN;
  for (const sample of simulate(draw(seeded(seed * 7919), 1), { seed, durationS: 120 })) {
    const timeS = sample.timeMs / 1000;
    const { verdict, suspicious } = judge.observe(sample);
    if (suspicious) first['Ebb suspicious'] ??= timeS;
    if (verdict === 'leak') first['Ebb leak'] ??= timeS;
    if (verdict === 'native') first['Ebb native'] ??= timeS;
    const { floor, heapLimitBytes: limitBytes, heapUsedBytes } = sample;
    const isNew = floor !== null && floor.timeMs !== floorMs;
    if (floor !== null) floorMs = floor.timeMs;
    for (const { name, rule } of playing) {
      const point = name.startsWith('threshold')
        ? { timeS, bytes: heapUsedBytes, limitBytes }
        : isNew
          ? { timeS: floor.timeMs / 1000, bytes: floor.heapBytes + floor.externalBytes, limitBytes }
          : null;
      if (point !== null && rule.alarm(point)) first[name] ??= timeS;
    }
  }
  return first;
}
