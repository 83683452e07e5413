// What does it bring to know the siblings of a process, and the version before? The same simulated services, judged by floor,
// RSS and requests alone, with their siblings, beside the version before (which did not leak), and with both.
// By hand: node_modules/.bin/node bench/trend/siblings.bench.ts [--small] [--write]   (--write: results/siblings.md)
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { healthyServices, leakingServices } from '@ebb/trend/simulate';
import { MODES, playFleet } from './fleets.ts';
import type { Fleet, Mode } from './fleets.ts';
import { isUnseen, seedsOf } from './services.ts';
import { FalseAlarms, Hits } from './tally.ts';

const small = process.argv.includes('--small');
const runs = small ? 2 : 24;
const PROCESSES = 4;
const LEAKS = [0.001, 0.01, 0.05];
const NAMES: Record<Mode, string> = {
  alone: 'floor, RSS and requests',
  siblings: '… with three siblings',
  before: '… beside the version before',
  both: '… with both',
};

const started = performance.now();
const lines: string[] = [];
const say = (line = ''): void => {
  lines.push(line);
  console.log(line);
};

interface Row {
  healthy: FalseAlarms;
  leaking: Map<number, Hits>;
}
const rowsOf = (): Map<Mode, Row> =>
  new Map(
    MODES.map((mode) => [
      mode,
      { healthy: new FalseAlarms(), leaking: new Map(LEAKS.map((share) => [share, new Hits()])) },
    ]),
  );

/** Plays all seeds of a kind and counts: in all, and by half of the seeds. */
function play(kind: string, draw: Fleet['draw'], isOdd: boolean, share: number, count: Map<Mode, Row>[]): string[] {
  const own = new Map(MODES.map((mode) => [mode, { false: new FalseAlarms(), hits: new Hits() }]));
  for (const seed of seedsOf(runs)) {
    const { series, said } = playFleet({ kind, draw, seed, processes: PROCESSES, share, isOdd }, MODES);
    const half = count[isUnseen(seed) ? 2 : 1];
    for (const mode of MODES) {
      for (const rows of [count[0], half]) {
        const row = rows.get(mode)!;
        if (share === 0) row.healthy.add(series, said[mode]);
        else row.leaking.get(share)!.add(series, said[mode]);
      }
      if (share === 0) own.get(mode)!.false.add(series, said[mode]);
      else own.get(mode)!.hits.add(series, said[mode]);
    }
  }
  return MODES.map((mode) => {
    const { false: alarms, hits } = own.get(mode)!;
    return share === 0
      ? `${alarms.alarmedSeries} of ${runs}`
      : `${hits.found} of ${runs}, ${hits.early[80]} and ${hits.roomy} with 80 % left, ${hits.medianLeft()} left (median)`;
  });
}

function table(rows: Map<Mode, Row>): void {
  say(
    '| told | false alarms a series-day | series alarmed in vain | 0.1 % an hour: found | 1 %: found | … with 60 % of the way left | … with 80 % | … with 80 % of the room without the leak | way left, hours (median) | 5 %: found | … with 60 % left | … with 80 % |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|---|');
  for (const [mode, { healthy, leaking }] of rows) {
    const [slow, usual, fast] = LEAKS.map((share) => leaking.get(share)!);
    const cells = [
      NAMES[mode],
      healthy.perDay(),
      `${healthy.alarmedSeries} of ${healthy.series}`,
      slow.recall(),
      usual.recall(),
      usual.recallEarly(60),
      usual.recallEarly(80),
      usual.recallRoomy(),
      `${usual.medianLeft()}, ${usual.medianHours()}`,
      fast.recall(),
      fast.recallEarly(60),
      fast.recallEarly(80),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}

function onFleets(isOdd: boolean): void {
  const [all, chosen, held] = [rowsOf(), rowsOf(), rowsOf()];
  const kinds: string[] = [];
  for (const [kind, draw] of Object.entries(healthyServices))
    kinds.push(`| ${kind} | ${play(kind, draw, isOdd, 0, [all, chosen, held]).join(' | ')} |`);
  for (const [kind, draw] of Object.entries(leakingServices)) {
    for (const share of LEAKS) {
      const cells = play(kind, draw, isOdd, share, [all, chosen, held]);
      if (share === 0.01) kinds.push(`| leaks ${kind}, 1 % an hour | ${cells.join(' | ')} |`);
    }
  }
  table(all);
  say('\nSeeds that constants were chosen on:\n');
  table(chosen);
  say('\nSeeds that they were not:\n');
  table(held);
  say(`\n| service | ${MODES.map((mode) => NAMES[mode]).join(' | ')} |`);
  say(`|---|${MODES.map(() => '---').join('|')}|`);
  for (const line of kinds) say(line);
}

say('# With siblings, and beside the version before\n');
say(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}. Made by \`bench/trend/siblings.bench.ts${small ? ' --small' : ''}\`: ${runs} fleets of ${PROCESSES} processes of each kind of service.\n`,
);
say(
  'One process of each fleet is the series that counts. *With siblings*: a leak is also one that `FleetPool` says of all together, if this process has a share in it. *Beside the version before*: the `SeenRises` of as many processes of the version before, deployed at other times of the day, which do not leak, are given to each judge as `usual`. What is left of the way to the limit is read off by memory that is not given back later: a tooth of a saw takes none of it. *Of the way*: of the room when the process started, or began to leak. *Of the room without the leak*: of what the same service would have left at that moment; so a start-up, which no verdict can save, takes none of it either. By kind of service: both, in this order. What else the columns say: see [rules.md](rules.md).\n',
);
say('## All processes of the version leak\n');
onFleets(false);
say(`\n(${((performance.now() - started) / 1000).toFixed(0)} s)\n`);
if (process.argv.includes('--write'))
  writeFileSync(new URL('results/siblings.md', import.meta.url), `${lines.join('\n')}\n`);
